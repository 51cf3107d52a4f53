"""The mandatory tests of CSAF on products and vulnerabilities (CSAF 2.0 sections 6.1.1 to 6.1.33)."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Final

from services.threatfeed.domain import limits
from services.threatfeed.domain.refusals import CsafTestFailed, FieldTooLong
from services.threatfeed.formats.csaf_catalogue_tests import failed_helper_tests, failed_weakness_tests
from services.threatfeed.formats.csaf_document import (
    CsafBranch,
    CsafConcerning,
    CsafDocument,
    CsafProductTree,
    CsafVulnerability,
)
from services.threatfeed.formats.csaf_score_tests import failed_score_tests

_TREE: Final = "/product_tree"
_STATES: Final = {
    "first_affected": "affected",
    "known_affected": "affected",
    "last_affected": "affected",
    "known_not_affected": "not affected",
    "first_fixed": "fixed",
    "fixed": "fixed",
    "under_investigation": "under investigation",
}
_RANGE: Final = re.compile(
    r"[<>]|(?<!\S)(?:after|all|before|earlier|later|prior|versions)(?!\S)", re.IGNORECASE
)


def failed_product_tests(document: CsafDocument) -> Iterator[CsafTestFailed]:
    """The tests on products that a document fails."""
    tree = document.product_tree or CsafProductTree()
    branches = list(_branches(tree.branches))
    full = [
        *tree.full_product_names,
        *(branch.product for branch in branches if branch.product),
        *(relation.full_product_name for relation in tree.relationships),
    ]
    products = [product.product_id for product in full]
    defined = set(products)
    groups = [group.group_id for group in tree.product_groups]
    vulnerabilities = document.vulnerabilities or []
    if len(products) != len(defined):
        yield CsafTestFailed.of("6.1.2", "a product is defined twice", _TREE)
    if len(groups) != len(set(groups)):
        yield CsafTestFailed.of("6.1.5", "a group of products is defined twice", f"{_TREE}/product_groups")
    if not defined.issuperset(_tree_references(tree)):
        yield CsafTestFailed.of("6.1.1", "a product is not defined", _TREE)
    if _is_circular(tree):
        yield CsafTestFailed.of("6.1.3", "a product is made of itself", f"{_TREE}/relationships")
    yield from failed_helper_tests(full, _TREE)
    for branch in branches:
        if branch.category == "product_version" and _RANGE.search(branch.name):
            yield CsafTestFailed.of("6.1.31", "a product version is a range of versions", _TREE)
    named = [entry.cve for entry in vulnerabilities if entry.cve is not None]
    if len(named) != len(set(named)):
        yield CsafTestFailed.of("6.1.23", "two vulnerabilities have one CVE", "/vulnerabilities")
    members = {group.group_id: group.product_ids for group in tree.product_groups}
    for position, vulnerability in enumerate(vulnerabilities):
        pointer = f"/vulnerabilities/{position}"
        if not defined.issuperset(_references(vulnerability)):
            yield CsafTestFailed.of("6.1.1", "a product is not defined", pointer)
        yield from _failed_vulnerability_tests(vulnerability, members, pointer)
        yield from failed_score_tests(vulnerability, pointer)
        yield from failed_weakness_tests(vulnerability, pointer)


def check_groups(document: CsafDocument) -> None:
    """Raises `FieldTooLong` where the groups named in a document stand for more products than are counted."""
    tree = document.product_tree or CsafProductTree()
    sizes = {group.group_id: len(group.product_ids) for group in tree.product_groups}
    named = (
        group
        for vulnerability in document.vulnerabilities or ()
        for part in _concerning(vulnerability)
        for group in part.group_ids or ()
    )
    if sum(sizes.get(group, 0) for group in named) > limits.PRODUCTS_BY_GROUP:
        raise FieldTooLong("the groups stand for too many products", pointer="/vulnerabilities")


def products_of(parts: Iterable[CsafConcerning], members: dict[str, list[str]]) -> list[str]:
    """The products that parts of a vulnerability concern, those of their groups included."""
    found: list[str] = []
    for part in parts:
        found += part.product_ids or ()
        for group in part.group_ids or ():
            found += members.get(group, ())
    return found


def _failed_vulnerability_tests(
    vulnerability: CsafVulnerability, members: dict[str, list[str]], pointer: str
) -> Iterator[CsafTestFailed]:
    concerning = _concerning(vulnerability)
    if any(group not in members for part in concerning for group in part.group_ids or ()):
        yield CsafTestFailed.of("6.1.4", "a group of products is not defined", pointer)
    states: dict[str, set[str]] = {}
    for status, products in (vulnerability.product_status or {}).items():
        for product in products if status in _STATES else ():
            states.setdefault(product, set()).add(_STATES[status])
    if any(len(found) > 1 for found in states.values()):
        yield CsafTestFailed.of("6.1.6", "a product has contradicting states", f"{pointer}/product_status")
    for test, parts, name in (
        ("6.1.29", vulnerability.remediations, "remediations"),
        ("6.1.32", vulnerability.flags, "flags"),
    ):
        if any(part.product_ids is None and part.group_ids is None for part in parts):
            yield CsafTestFailed.of(test, "concerns no product", f"{pointer}/{name}")
    if any(count > 1 for count in Counter(_flagged(vulnerability.flags, members)).values()):
        yield CsafTestFailed.of("6.1.33", "a product has two flags", f"{pointer}/flags")
    involved = Counter((entry.party, entry.date) for entry in vulnerability.involvements)
    if any(count > 1 for count in involved.values()):
        yield CsafTestFailed.of("6.1.24", "a party is involved twice at once", f"{pointer}/involvements")


def _concerning(vulnerability: CsafVulnerability) -> tuple[CsafConcerning, ...]:
    return (*vulnerability.flags, *vulnerability.threats, *vulnerability.remediations)


def _flagged(flags: Iterable[CsafConcerning], members: dict[str, list[str]]) -> Iterator[str]:
    """Each product once for each flag that concerns it."""
    for flag in flags:
        yield from set(products_of([flag], members))


def _is_circular(tree: CsafProductTree) -> bool:
    """Whether a product that is made of others is, in the end, made of itself."""
    parts: dict[str, list[str]] = {}
    for relation in tree.relationships:
        of_relation = (relation.product_reference, relation.relates_to_product_reference)
        parts.setdefault(relation.full_product_name.product_id, []).extend(of_relation)
    try:
        TopologicalSorter(parts).prepare()
    except CycleError:
        return True
    return False


def _branches(branches: Iterable[CsafBranch]) -> Iterator[CsafBranch]:
    for branch in branches:
        yield branch
        yield from _branches(branch.branches)


def _tree_references(tree: CsafProductTree) -> Iterator[str]:
    for relation in tree.relationships:
        yield relation.product_reference
        yield relation.relates_to_product_reference
    for group in tree.product_groups:
        yield from group.product_ids


def _references(vulnerability: CsafVulnerability) -> Iterator[str]:
    for products in (vulnerability.product_status or {}).values():
        yield from products
    for part in _concerning(vulnerability):
        yield from part.product_ids or ()
    for scores in vulnerability.scores:
        yield from scores.products
    for metric in vulnerability.metrics:
        yield from metric.products
