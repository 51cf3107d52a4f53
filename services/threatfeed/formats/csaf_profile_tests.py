"""What each profile of CSAF asks of a document (CSAF 2.0 section 6.1.27)."""

from collections.abc import Iterator
from typing import Final

from services.threatfeed.domain.refusals import CsafTestFailed
from services.threatfeed.formats.csaf_document import CsafDocument, CsafProductTree, CsafVulnerability
from services.threatfeed.formats.csaf_product_tests import products_of

_ADVISORY: Final = "csaf_security_advisory"
_VEX: Final = "csaf_vex"
_INFORMATIONAL: Final = "csaf_informational_advisory"
_INFORMING: Final = frozenset({_INFORMATIONAL, "csaf_security_incident_response"})
_TELLING: Final = frozenset({"description", "details", "general", "summary"})
_VEX_STATES: Final = frozenset({"fixed", "known_affected", "known_not_affected", "under_investigation"})


def failed_profile_tests(document: CsafDocument) -> Iterator[CsafTestFailed]:
    """The tests of its profile that a document fails."""
    if document.document.category in _INFORMING:
        yield from _failed_informing_tests(document)
    if document.document.category in (_ADVISORY, _VEX):
        yield from _failed_advisory_tests(document)


def _failed_informing_tests(document: CsafDocument) -> Iterator[CsafTestFailed]:
    meta = document.document
    if not any(note.category in _TELLING for note in meta.notes):
        yield CsafTestFailed.of("6.1.27.1", "no note tells what it is about", "/document/notes")
    if not any(entry.category == "external" for entry in meta.references):
        yield CsafTestFailed.of("6.1.27.2", "no external reference", "/document/references")
    if meta.category == _INFORMATIONAL and document.vulnerabilities is not None:
        yield CsafTestFailed.of("6.1.27.3", "holds vulnerabilities", "/vulnerabilities")


def _failed_advisory_tests(document: CsafDocument) -> Iterator[CsafTestFailed]:
    category, vulnerabilities = document.document.category, document.vulnerabilities
    if document.product_tree is None:
        yield CsafTestFailed.of("6.1.27.4", "names no products", "/product_tree")
    if vulnerabilities is None:
        yield CsafTestFailed.of("6.1.27.11", "holds no vulnerabilities", "/vulnerabilities")
    tree = document.product_tree or CsafProductTree()
    members = {group.group_id: group.product_ids for group in tree.product_groups}
    for position, vulnerability in enumerate(vulnerabilities or []):
        pointer = f"/vulnerabilities/{position}"
        if not vulnerability.notes:
            yield CsafTestFailed.of("6.1.27.5", "a vulnerability has no notes", f"{pointer}/notes")
        if category == _ADVISORY and vulnerability.product_status is None:
            yield CsafTestFailed.of("6.1.27.6", "no product has a state", f"{pointer}/product_status")
        if category == _VEX:
            yield from _failed_vex_tests(vulnerability, members, pointer)


def _failed_vex_tests(
    vulnerability: CsafVulnerability, members: dict[str, list[str]], pointer: str
) -> Iterator[CsafTestFailed]:
    states = vulnerability.product_status or {}
    if not _VEX_STATES & set(states):
        yield CsafTestFailed.of("6.1.27.7", "no product has a state of VEX", f"{pointer}/product_status")
    if vulnerability.cve is None and not vulnerability.ids:
        yield CsafTestFailed.of("6.1.27.8", "a vulnerability has no identifier", pointer)
    impacts = [threat for threat in vulnerability.threats if threat.category == "impact"]
    stated = products_of([*vulnerability.flags, *impacts], members)
    if not set(states.get("known_not_affected", ())) <= set(stated):
        yield CsafTestFailed.of("6.1.27.9", "not affected, and no reason given", pointer)
    remedied = products_of(vulnerability.remediations, members)
    if not set(states.get("known_affected", ())) <= set(remedied):
        yield CsafTestFailed.of("6.1.27.10", "affected, and no action given", pointer)
