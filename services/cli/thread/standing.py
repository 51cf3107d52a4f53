"""What happens to what was built on an assessment that is revised or withdrawn."""

from entente.exchange.v1.action_status_pb2 import BasisState

from services.cli.thread.concluding import read_action
from services.cli.thread.following import basis_reaches_feeds
from services.cli.thread.publishing import publish_revision, publish_withdrawal
from services.cli.thread.stage import PATIENCE, SECRETARIAT, Stage
from services.cli.waiting import until


async def revision_makes_stale(stage: Stage) -> None:
    """A newer revision marks the agreed agenda and the action."""
    await publish_revision(stage)
    await _marked(stage, "STALE")
    await basis_reaches_feeds(stage, BasisState.BASIS_STATE_STALE)


async def withdrawal_reaches_everyone(stage: Stage) -> None:
    await publish_withdrawal(stage)
    await _marked(stage, "WITHDRAWN")
    await basis_reaches_feeds(stage, BasisState.BASIS_STATE_WITHDRAWN)


async def _marked(stage: Stage, state: str) -> None:
    assessment = stage.record.assessments["ncsc"]

    async def on_agenda() -> bool:
        path = f"/v1/agendas/{stage.record.agenda_id}"
        agenda = await stage.desk(SECRETARIAT).get("agenda", path)
        return (assessment, state) in {
            (one["assessment_id"], one["state"]) for one in agenda["stale_references"]
        }

    async def on_action() -> bool:
        action = await read_action(stage)
        return action is not None and (assessment, state) in {
            (one["assessment_id"], one["state"]) for one in action["basis"]
        }

    await until(on_agenda, within=PATIENCE, what=f"{state} on the agenda")
    await until(on_action, within=PATIENCE, what=f"{state} on the action")
    stage.say(f"agenda and action are marked {state}")
