"""Agencies publish, revise and withdraw; each submission has its receipt."""

from entente.threatfeed.v1.submission_receipt_pb2 import AssessmentResult, SubmissionResult

from services.cli.clients.submissions import open_feed
from services.cli.contents import read_contents
from services.cli.layout import SAMPLES
from services.cli.thread.stage import PATIENCE, Stage, require

_SHOWN = 3
_ACCEPTED = frozenset(
    {SubmissionResult.SUBMISSION_RESULT_ACCEPTED, SubmissionResult.SUBMISSION_RESULT_DUPLICATE}
)
_WITHDRAWN = frozenset(
    {SubmissionResult.SUBMISSION_RESULT_WITHDRAWN, SubmissionResult.SUBMISSION_RESULT_DUPLICATE}
)


async def publish_assessments(stage: Stage) -> None:
    """A narrative with a tear line, reports in STIX that their agency has made public, and a catalogue."""
    narrative = await _publish(stage, "ncsc", "ncsc/ransomware-msp.v1.json")
    reports = await _publish(
        stage,
        "unit42",
        "unit42/CodeCov_Breach.json",
        "unit42/2025-06-24-01flip-ransomware.json",
    )
    catalogue = await _publish(stage, "cisa", "cisa/kev-2025-02-04.json")
    for result in [*narrative, *reports, *catalogue]:
        require(result.result in _ACCEPTED, f"{result.source_object_id} was not accepted")
    accepted = [one for one in reports if one.result == SubmissionResult.SUBMISSION_RESULT_ACCEPTED]
    require(
        all(result.marking_rule_id for result in accepted),
        "an unmarked report was accepted without naming the rule",
    )
    stage.keep(assessments={"ncsc": narrative[0].assessment_id, "unit42": reports[0].assessment_id})


async def publish_revision(stage: Stage) -> None:
    (result,) = await _publish(stage, "ncsc", "ncsc/ransomware-msp.v2.json")
    require(result.result in _ACCEPTED, "the revision was not accepted")


async def publish_withdrawal(stage: Stage) -> None:
    (result,) = await _publish(stage, "ncsc", "ncsc/ransomware-msp.withdrawal.json")
    require(result.result in _WITHDRAWN, "the withdrawal was not accepted")


async def _publish(stage: Stage, agency: str, *files: str) -> list[AssessmentResult]:
    login = stage.access.login(f"agency-{agency}")
    spans = stage.spans and stage.spans / f"agency-{agency}.spans.jsonl"
    async with open_feed(agency, login, spans) as feed:
        published = await feed.publish([read_contents(SAMPLES / file) for file in files], within=PATIENCE)
    results = [result for one in published for result in one.receipt.results]
    for result in results[:_SHOWN]:
        stage.say(describe(agency, result))
    if len(results) > _SHOWN:
        stage.say(f"and {len(results) - _SHOWN} more results")
    return results


def describe(agency: str, result: AssessmentResult) -> str:
    """One line for one result of a receipt."""
    name = SubmissionResult.Name(result.result).removeprefix("SUBMISSION_RESULT_").lower()
    words = [f"receipt to {agency}: {name} {result.source_object_id or '(no id)'}"]
    if result.assessment_id:
        words.append(f"as {result.assessment_id} revision {result.revision}")
    if result.marking_rule_id:
        words.append(f"by rule {result.marking_rule_id}")
    words += [f"{one.reason} at {one.pointer or '/'}: {one.detail}" for one in result.refusals]
    return ", ".join(words)
