"""The mandatory tests of CSAF on scores (CSAF 2.0 sections 6.1.7 to 6.1.10).

A vector says everything else of its score: whatever is stated beside it must be what the standard of that
edition of CVSS computes from it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from cvss import CVSS2, CVSS3, CVSS4, CVSSError

from services.threatfeed.domain.refusals import CsafTestFailed
from services.threatfeed.formats.csaf_document import CsafCvss, CsafVulnerability

_COMPUTED_SCORES: Final = frozenset(
    f"{part}{value}" for part in ("base", "temporal", "environmental") for value in ("Score", "Severity")
)
_EDITIONS: Final = {"cvss_v2": ("2.0",), "cvss_v3": ("3.0", "3.1"), "cvss_v4": ("4.0",)}
_NOT_DEFINED: Final = "NOT_DEFINED"


def failed_score_tests(vulnerability: CsafVulnerability, pointer: str) -> Iterator[CsafTestFailed]:
    """The tests on scores that a vulnerability fails."""
    scored = [
        *((f"{pointer}/scores/{at}", None, one) for at, one in enumerate(vulnerability.scores)),
        *(
            (f"{pointer}/metrics/{at}/content", one.source, one.content.of(one.products))
            for at, one in enumerate(vulnerability.metrics)
        ),
    ]
    counted: Counter[tuple[str, str, str | None]] = Counter()
    for place, source, scores in scored:
        for name, score in scores.named():
            counted.update((product, score.version, source) for product in set(scores.products))
            yield from _failed_tests(name, score, f"{place}/{name}")
    if any(count > 1 for count in counted.values()):
        yield CsafTestFailed.of("6.1.7", "a product has two scores of one edition", pointer)


def _failed_tests(name: str, score: CsafCvss, pointer: str) -> Iterator[CsafTestFailed]:
    if score.version not in _EDITIONS[name]:
        yield CsafTestFailed.of("6.1.8", "the score is of another edition", f"{pointer}/version")
        return
    if name != "cvss_v2" and score.severity is None:
        yield CsafTestFailed.of("6.1.8", "the severity is missing", f"{pointer}/baseSeverity")
    try:
        computed = _COMPUTE[name](score.vector)
    except CVSSError:
        yield CsafTestFailed.of("6.1.8", "not a vector", f"{pointer}/vectorString")
        return
    for stated, value in score.stated().items():
        if stated not in computed or value == computed[stated]:
            continue
        if stated in _COMPUTED_SCORES:
            yield CsafTestFailed.of("6.1.9", "not what the vector gives", f"{pointer}/{stated}")
        elif not (stated.startswith("modified") and value == _NOT_DEFINED):
            yield CsafTestFailed.of("6.1.10", "contradicts the vector", f"{pointer}/{stated}")


def _version_2(vector: str) -> Mapping[str, object]:
    score = CVSS2(vector)
    base, temporal, environmental = score.scores()
    # Without metrics of a group its score is that of the group before.
    temporal = base if temporal is None else temporal
    environmental = temporal if environmental is None else environmental
    return {**score.as_json(), "temporalScore": temporal, "environmentalScore": environmental}


def _version_3(vector: str) -> Mapping[str, object]:
    return dict(CVSS3(vector).as_json())


def _version_4(vector: str) -> Mapping[str, object]:
    score = CVSS4(vector)
    return {
        "version": "4.0",
        "baseScore": float(score.scores()[0]),
        "baseSeverity": score.severities()[0].upper(),
    }


_COMPUTE: Final[Mapping[str, Callable[[str], Mapping[str, object]]]] = {
    "cvss_v2": _version_2,
    "cvss_v3": _version_3,
    "cvss_v4": _version_4,
}
