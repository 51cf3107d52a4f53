"""The canonical form agrees with the reference implementation of RFC 8785 and names one document."""

import json

import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.canonical import canonical_json, content_hash
from tests.support.laws import law

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)


@law(120)
@given(documents)
def test_the_canonical_form_is_that_of_the_reference_implementation(document: object) -> None:
    written = canonical_json(document)
    assert written == rfc8785.dumps(document)  # type: ignore[arg-type]
    assert json.loads(written) == document


@settings(deadline=None)
@given(st.dictionaries(words, documents, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_members_does_not_matter(document: dict[str, object], random: object) -> None:
    names = list(document)
    random.shuffle(names)  # type: ignore[attr-defined]
    assert content_hash({name: document[name] for name in names}) == content_hash(document)
