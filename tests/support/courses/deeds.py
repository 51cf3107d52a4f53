"""What is done in a story of actions, in the words of its steps."""

from typing import Any, Final
from uuid import UUID, uuid5

from services.actions.consumers import read_outcome
from services.actions.domain.basis import AssessmentStanding, Standing
from services.actions.usecases.follow_assessments import follow_assessments
from services.actions.usecases.open_actions import Opening, open_actions
from services.kernel.canonical import content_hash
from tests.support.courses.stage import Stage
from tests.support.dialogue import Account
from tests.support.outcomes import outcome_agreed, record_of

_ACTIONS: Final = UUID("2f6f0a34-6a40-4b41-8a0a-3a1f0b7c6d55")


def assessment(name: str) -> str:
    return str(uuid5(_ACTIONS, f"assessment {name}"))


async def opened(
    stage: Stage, reference: str, *, commitment: str = "C3", basis: str = "water", **changes: Any
) -> None:
    """An outcome that was agreed in the agenda opens an action."""
    identity = str(uuid5(_ACTIONS, reference))
    said = {"action_id": identity, "reference": reference, "assessment_id": assessment(basis)}
    message = outcome_agreed(outcome_id=f"outcome {reference}", **said, **changes)
    message.outcome.action.commitment = commitment
    outcome = read_outcome(record_of(message)).content
    assert outcome is not None
    async with stage.process.database.transaction() as tx:
        refused = await open_actions(tx, [Opening(outcome, None)], stage.publication, stage.clock())
    assert refused == [None]
    stage.held[reference] = identity
    stage.memory.meet("action_id", identity)
    for audience in stage.views:
        for (epoch,) in stage.rows("SELECT epoch FROM audience_feed WHERE audience = %s", audience):
            stage.memory.meet("epoch", epoch)


async def judged(stage: Stage, name: str, standing: Standing, version: int = 2) -> None:
    """Threatfeed tells what has become of an assessment."""
    told = AssessmentStanding(UUID(assessment(name)), standing, 1, version)
    async with stage.process.database.transaction() as tx:
        await follow_assessments(tx, [told], stage.publication, stage.clock())


async def moved(stage: Stage, who: Account, reference: str, command: str, body: object = None) -> Any:
    """A command on an action, on the version in force; gives the action."""
    path = f"/v1/actions/{stage.held[reference]}"
    action = await stage.done(who, "GET", path)
    method = "PUT" if command in ("milestones", "dependencies", "beneficiaries", "lead-official") else "POST"
    after = await stage.done(who, method, f"{path}/{command}", body or {}, version=action["version"])
    stage.memory.meet("etag", f'"{after["version"]}"')
    return after


async def reported(stage: Stage, who: Account, reference: str, rag: str, narrative: str = "") -> None:
    await moved(stage, who, reference, "progress", {"rag": rag, "narrative": narrative})
    await stage.done(who, "GET", f"/v1/actions/{stage.held[reference]}/progress")


async def proposed(stage: Stage, who: Account, reference: str, kind: str, **terms: Any) -> str:
    """Gives the id of the proposal."""
    body = {"kind": kind, "reason": "It has to be.", **terms}
    after = await moved(stage, who, reference, "proposals", body)
    identity = str(after["proposals"][-1]["id"])
    stage.memory.meet("proposal_id", identity)
    return identity


async def shown(stage: Stage, who: Account, reference: str, name: str, **changes: Any) -> None:
    """Evidence, held by its name."""
    path = f"/v1/actions/{stage.held[reference]}/evidence"
    stage.held[name] = (reference, (await stage.done(who, "POST", path, material(name, **changes))))


async def revised(stage: Stage, who: Account, name: str, **changes: Any) -> None:
    reference, item = stage.held[name]
    path = f"/v1/actions/{stage.held[reference]}/evidence/{item['evidence_id']}"
    version = (await stage.done(who, "GET", f"{path}/revisions"))["revisions"][-1]["revision"]
    body = material(name, **{"title": f"{name}, again", **changes})
    await stage.done(who, "PUT", path, body, version=version)


async def taken_back(stage: Stage, who: Account, name: str, version: int) -> None:
    reference, item = stage.held[name]
    path = f"/v1/actions/{stage.held[reference]}/evidence/{item['evidence_id']}/withdraw"
    await stage.done(who, "POST", path, {"reason": f"{name} is wrong."}, version=version)


async def acknowledged(stage: Stage, who: Account, series: str) -> None:
    """The body takes note of everything that it was told in a role of its account."""
    told = (await stage.done(who, "GET", f"/v1/notices?series={series}&open_only=true"))["notices"]
    assert told
    for one in told:
        stage.memory.meet("notice_id", one["id"])
        await stage.done(who, "POST", f"/v1/notices/{one['id']}/acknowledgement", {})


async def met(stage: Stage, who: Account, series: str) -> None:
    """What the account reads of rounds and notices, for their ids."""
    rounds = await stage.done(who, "GET", f"/v1/report-rounds?series={series}")
    for one in rounds["rounds"]:
        stage.memory.meet("round_id", one["id"])
    for one in (await stage.done(who, "GET", f"/v1/notices?series={series}"))["notices"]:
        stage.memory.meet("notice_id", one["id"])
    if "owner" in who.roles:
        for one in (await stage.done(who, "GET", f"/v1/digests?series={series}"))["digests"]:
            stage.memory.meet("digest_id", one["id"])


def material(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "title": name,
        "uri": f"https://www.example.org/{name.replace(' ', '-')}",
        "digest": content_hash([name, sorted(changes)]),
        "marking": "TLP:CLEAR",
        **changes,
    }
