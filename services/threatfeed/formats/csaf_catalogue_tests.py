"""The mandatory tests of CSAF that need a catalogue of another standard: weaknesses, languages, package URLs.

CSAF 2.0 sections 6.1.11 to 6.1.13, and 6.1.25 on hashes.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

from langcodes import tag_is_valid
from packageurl import PackageURL

from services.threatfeed.domain.refusals import CsafTestFailed
from services.threatfeed.formats.csaf_document import (
    CsafFullProduct,
    CsafMeta,
    CsafVulnerability,
    CsafWeakness,
)


def failed_weakness_tests(vulnerability: CsafVulnerability, pointer: str) -> Iterator[CsafTestFailed]:
    """6.1.11: a weakness exists and has the name that is stated.

    The list is that of CWE 4.14. What a later one may have added, or what states that it is of a later one,
    is not tested.
    """
    stated = [*([vulnerability.cwe] if vulnerability.cwe else []), *vulnerability.cwes]
    for weakness in stated:
        if _is_covered(weakness) and _weaknesses().get(weakness.id) != weakness.name:
            yield CsafTestFailed.of("6.1.11", "no weakness of that id and name", pointer)


def failed_tag_tests(meta: CsafMeta) -> Iterator[CsafTestFailed]:
    """6.1.12: languages are registered."""
    for name, tag in (("lang", meta.lang), ("source_lang", meta.source_lang)):
        if tag is not None and not tag_is_valid(tag):
            yield CsafTestFailed.of("6.1.12", "no such language is registered", f"/document/{name}")


def failed_helper_tests(products: Iterable[CsafFullProduct], pointer: str) -> Iterator[CsafTestFailed]:
    """6.1.13 and 6.1.25, on what helps to identify products."""
    for product in products:
        helper = product.product_identification_helper
        if helper is None:
            continue
        for purl in (*([helper.purl] if helper.purl is not None else []), *helper.purls):
            if not _is_package_url(purl):
                yield CsafTestFailed.of("6.1.13", "not a package URL", pointer)
        for item in helper.hashes:
            if any(n > 1 for n in Counter(entry.algorithm for entry in item.file_hashes).values()):
                yield CsafTestFailed.of("6.1.25", "one file has two hashes of one algorithm", pointer)


def _is_covered(weakness: CsafWeakness) -> bool:
    number = int(weakness.id.removeprefix("CWE-"))
    if number > _highest():
        return False
    return weakness.version is None or _release(weakness.version) <= _release(_catalogue()["version"])


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@lru_cache(maxsize=1)
def _highest() -> int:
    return max(int(name.removeprefix("CWE-")) for name in _weaknesses())


def _weaknesses() -> dict[str, str]:
    found: dict[str, str] = _catalogue()["weaknesses"]
    return found


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, Any]:
    text = (files("services.threatfeed.formats") / "data" / "weaknesses.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _is_package_url(text: str) -> bool:
    try:
        PackageURL.from_string(text)
    except ValueError:
        return False
    return True
