"""Reads a submission, whatever its format: the one entry from bytes to assessments."""

from typing import assert_never

from services.kernel.parties import Agency
from services.kernel.policy import Policy
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.refusals import FormatUnrecognised
from services.threatfeed.domain.submission import Reading
from services.threatfeed.domain.taxonomies import Taxonomies
from services.threatfeed.domain.themes import ThemeMatcher
from services.threatfeed.formats.content_types import Format, read_content_type, select_format
from services.threatfeed.formats.csaf import read_csaf
from services.threatfeed.formats.json_text import read_json, refuse_unstorable
from services.threatfeed.formats.kev import read_kev
from services.threatfeed.formats.misp import read_misp
from services.threatfeed.formats.narrative import read_narrative
from services.threatfeed.formats.stix import read_bundle


def read_submission(
    raw: bytes | None,
    content_type: str | None,
    *,
    agency: str,
    policy: Policy,
    themes: ThemeMatcher,
    taxonomies: Taxonomies,
) -> tuple[Reading, ...]:
    """One reading for each assessment that an agency submitted, in their order.

    `raw` is the value of the record, `content_type` its header, `agency` the agency of the topic, `themes`
    the compiled `policy.themes` and `taxonomies` where names are looked up. Raises `UnknownAgency`, or a
    `SubmissionRefusal` where nothing in the submission could be read; what is wrong with one assessment is a
    `Rejection` beside the others.
    """
    readings = _read(raw, content_type, policy.agency(agency), policy, themes)
    return tuple(
        taxonomies.classified(reading) if isinstance(reading, Assessment) else reading for reading in readings
    )


def _read(
    raw: bytes | None, content_type: str | None, originator: Agency, policy: Policy, themes: ThemeMatcher
) -> tuple[Reading, ...]:
    declared = read_content_type(content_type)
    document = read_json(raw)
    submission_format = select_format(declared, document)
    refuse_unstorable(raw or b"", document)
    match submission_format:
        case Format.NARRATIVE if isinstance(document, dict):
            return (read_narrative(document, agency=originator, policy=policy, themes=themes),)
        case Format.STIX:
            return read_bundle(document, declared, agency=originator, policy=policy, themes=themes)
        case Format.KEV:
            return read_kev(document, agency=originator, policy=policy, themes=themes)
        case Format.MISP:
            return read_misp(document, agency=originator, policy=policy, themes=themes)
        case Format.CSAF if isinstance(document, dict):
            return (read_csaf(document, agency=originator, policy=policy, themes=themes),)
        case Format.NARRATIVE | Format.CSAF:
            raise FormatUnrecognised("the content is not a JSON object")
        case unreachable:
            assert_never(unreachable)
