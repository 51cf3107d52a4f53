"""The mandatory tests of the standard (CSAF 2.0 section 6.1) on what a document says of itself.

A document that fails one is not valid CSAF, and its versions or its vulnerabilities cannot be relied on.
The tests on products are in `csaf_product_tests.py`.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import chain, pairwise
from typing import Final

from services.kernel.markings.tlp import TlpLabel
from services.threatfeed.domain.refusals import CsafTestFailed
from services.threatfeed.formats.csaf_catalogue_tests import failed_tag_tests
from services.threatfeed.formats.csaf_document import CsafDocument, CsafMeta
from services.threatfeed.formats.csaf_product_tests import check_groups, failed_product_tests
from services.threatfeed.formats.csaf_profile_tests import failed_profile_tests
from services.threatfeed.formats.csaf_versions import CsafVersion, read_csaf_version
from services.threatfeed.formats.instants import read_instant

_HISTORY: Final = "/document/tracking/revision_history"
_VERSION: Final = "/document/tracking/version"
_CATEGORY: Final = "/document/category"
_PROFILES_OF_2_0: Final = frozenset(
    {
        *("csaf_base", "csaf_security_incident_response", "csaf_informational_advisory"),
        *("csaf_security_advisory", "csaf_vex"),
    }
)
_PROFILES: Final = {
    "2.0": _PROFILES_OF_2_0,
    "2.1": _PROFILES_OF_2_0 | {"csaf_deprecated_security_advisory", "csaf_withdrawn", "csaf_superseded"},
}
_EVERYBODY: Final = "ffffffff-ffff-ffff-ffff-ffffffffffff"
_NOT_IN_NAMES: Final = re.compile(r"[-_\s]+")


def failed_tests(document: CsafDocument) -> Iterator[CsafTestFailed]:
    """Every mandatory test that a document fails, of those that are tested here.

    Raises `TimestampInvalid` and `FieldInvalid` for dates and versions that cannot be read, and
    `FieldTooLong` where its groups of products are too many to be tested.
    """
    check_groups(document)
    meta = document.document
    return chain(
        _failed_version_tests(meta),
        _failed_category_tests(meta),
        _failed_language_tests(meta),
        _failed_sharing_tests(meta),
        failed_profile_tests(document),
        failed_product_tests(document),
    )


def _failed_version_tests(meta: CsafMeta) -> Iterator[CsafTestFailed]:
    """6.1.14 and 6.1.16 to 6.1.22 and 6.1.30, for a document that is final or interim."""
    version = read_csaf_version(meta.tracking.version, _VERSION)
    history = [
        (
            read_instant(entry.date, f"{_HISTORY}/{position}/date"),
            read_csaf_version(entry.number, f"{_HISTORY}/{position}/number"),
        )
        for position, entry in enumerate(meta.tracking.revision_history)
    ]
    numbers = [number for _, number in history]
    if len({number.is_whole for number in (version, *numbers)}) > 1:
        yield CsafTestFailed.of("6.1.30", "whole numbers and semantic versions are mixed", _HISTORY)
    if version.is_prerelease:
        yield CsafTestFailed.of("6.1.20", "only a draft is a pre-release", _VERSION)
    if version.is_initial:
        yield CsafTestFailed.of("6.1.17", "only a draft has version 0", _VERSION)
    if any(number.is_initial for number in numbers):
        yield CsafTestFailed.of("6.1.18", "a released document has no version 0 in its history", _HISTORY)
    if any(number.is_prerelease for number in numbers):
        yield CsafTestFailed.of("6.1.19", "a pre-release stands in the history", _HISTORY)
    if len({number.text for number in numbers}) != len(numbers):
        yield CsafTestFailed.of("6.1.22", "a version stands twice in the history", _HISTORY)
    yield from _failed_order_tests(version, history)


def _failed_order_tests(
    version: CsafVersion, history: list[tuple[datetime, CsafVersion]]
) -> Iterator[CsafTestFailed]:
    by_date = [number for _, number in sorted(history, key=lambda entry: (entry[0], entry[1].parts))]
    if any(later.parts < earlier.parts for earlier, later in pairwise(by_date)):
        yield CsafTestFailed.of("6.1.14", "the versions of the history do not grow with its dates", _HISTORY)
    if by_date[-1].parts != version.parts:
        yield CsafTestFailed.of("6.1.16", "the version is not the latest of the history", _VERSION)
    majors = sorted({number.parts[0] for number in by_date})
    if majors[0] > 1 or any(later - earlier > 1 for earlier, later in pairwise(majors)):
        yield CsafTestFailed.of("6.1.21", "a version is missing in the history", _HISTORY)


def _failed_category_tests(meta: CsafMeta) -> Iterator[CsafTestFailed]:
    """6.1.26: a category of the publisher's own must not look like a profile of the standard."""
    profiles = _PROFILES[meta.csaf_version]
    if meta.category in profiles:
        return
    plain = _NOT_IN_NAMES.sub("", meta.category.lower())
    reserved = {_NOT_IN_NAMES.sub("", profile.removeprefix("csaf_")) for profile in profiles - {"csaf_base"}}
    if plain.startswith("csaf") or plain in reserved:
        yield CsafTestFailed.of("6.1.26", "the category looks like one of the standard's", _CATEGORY)


def _failed_sharing_tests(meta: CsafMeta) -> Iterator[CsafTestFailed]:
    """6.1.38 of CSAF 2.1: a document that is restricted is not shared with everybody."""
    group, tlp = meta.distribution.sharing_group, meta.distribution.tlp
    if group is not None and group.id == _EVERYBODY and (tlp is None or tlp.label != TlpLabel.CLEAR):
        pointer = "/document/distribution/tlp/label"
        yield CsafTestFailed.of("6.1.38", "shared with everybody, and restricted", pointer)


def _failed_language_tests(meta: CsafMeta) -> Iterator[CsafTestFailed]:
    """6.1.12, 6.1.15 and 6.1.28."""
    yield from failed_tag_tests(meta)
    if meta.publisher.category == "translator" and meta.source_lang is None:
        yield CsafTestFailed.of("6.1.15", "a translation names its source language", "/document/source_lang")
    if meta.lang is not None and meta.lang == meta.source_lang:
        yield CsafTestFailed.of("6.1.28", "translated into the language it was written in", "/document/lang")
