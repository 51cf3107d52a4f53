"""Officials who conclude meetings and work on their actions, and go on however often a service dies.

Whoever acts on an action is one task after the other, so that a plain model of its course is enough of an
oracle: every answer must be what the model says, and in the end so must be all that was kept.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from services.cli.clients.rest import Document
from services.cli.failures import CommandFailed, Refused
from services.cli.thread.stage import Stage
from services.cli.waiting import until
from services.cli.year import after, before
from services.cli.year.clearing import clear
from services.cli.year.cycle import CYCLES, Year

MODEL: Final[Mapping[str, Mapping[str, str]]] = {
    "accept": {"AGREED": "ASSIGNED"},
    "progress": {"ASSIGNED": "IN_PROGRESS", "IN_PROGRESS": "IN_PROGRESS", "BLOCKED": "BLOCKED"},
    "progress/corrections": {"IN_PROGRESS": "IN_PROGRESS", "BLOCKED": "BLOCKED"},
    "block": {"ASSIGNED": "BLOCKED", "IN_PROGRESS": "BLOCKED"},
    "unblock": {"BLOCKED": "IN_PROGRESS"},
    "completion-claim": {"IN_PROGRESS": "COMPLETION_CLAIMED"},
    "reject": {"COMPLETION_CLAIMED": "IN_PROGRESS"},
    "confirm": {"COMPLETION_CLAIMED": "CLOSED"},
}
"""Where each command leads from where: written here once more, apart from the table of the service."""

RECORDED: Final[Mapping[str, str]] = {
    "accept": "action.accepted",
    "progress": "action.progress-reported",
    "progress/corrections": "action.report-corrected",
    "block": "action.blocked",
    "unblock": "action.unblocked",
    "completion-claim": "action.completion-claimed",
    "reject": "action.completion-rejected",
    "confirm": "action.completion-confirmed",
}
"""The kind of the audit entry that each command must leave, once."""

OWNERS: Final[Mapping[str, tuple[str, str]]] = {
    "uk-eu": ("dsit-owner", "cnect-owner"),
    "uk-us-cmr": ("stratcom-owner", "nsa-owner"),
}
"""Who works on the actions of a series, and who judges."""

_PROPOSAL: Final = {
    "kind": "SUBSTANTIVE",
    "purpose": "DISCUSS",
    "minutes": 20,
    "marking": "TLP:GREEN",
}
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.3, 2.0
PATIENCE: Final = 150.0


@dataclass(slots=True)
class Course:
    """One action as its officials were answered."""

    series: str
    outcome_id: str
    action_id: str
    left: bool = False
    """Nobody takes it on: its owners are told of that, and asked in vain how it goes."""
    commands: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=lambda: ["AGREED"])


@dataclass(slots=True)
class Officials:
    """All who work, and what they have done."""

    stage: Stage
    rng: random.Random
    courses: list[Course] = field(default_factory=list)
    edits: Counter[str] = field(default_factory=Counter)
    """How often each proposal was written, by its id."""
    under_way: Counter[str] = field(default_factory=Counter)
    """Requests that wait for an answer, by service."""
    problems: list[str] = field(default_factory=list)

    async def sit_down(self) -> Sequence[Year]:
        """One edition of each series up to the end of its meeting, before anything is killed."""
        years = [Year(self.stage, cycle) for cycle in CYCLES]
        for step in (
            before.plan,
            before.propose,
            before.draft,
            before.negotiate,
            before.agree,
            after.hold,
            after.register,
        ):
            for year in years:
                await step(year)
        return years

    async def work(self, years: Sequence[Year], enough: Callable[[], bool]) -> None:
        """Concludes item after item, and brings every action that follows to its end once it is enough."""
        async with asyncio.TaskGroup() as tasks:
            for year in years:
                tasks.create_task(self._conclude(year, enough, tasks))
                tasks.create_task(self._write(year, enough))

    async def _write(self, year: Year, enough: Callable[[], bool]) -> None:
        """A proposal for the next edition that its author never stops rewording."""
        desk = self.stage.desk(year.cycle.drafting.secretariat)
        body: Document = {"title": "Version 1", "leads": year.cycle.drafting.proposal["leads"], **_PROPOSAL}
        async with self._asking("agenda"):
            proposal = await desk.post("agenda", "/v1/proposals", {"series": year.cycle.series, **body})
        self.edits[proposal["id"]] = 1
        while not enough():
            await self._pause()
            edited = {**body, "title": f"Version {self.edits[proposal['id']] + 1}"}
            async with self._asking("agenda"):
                await desk.change("agenda", f"/v1/proposals/{proposal['id']}", "", edited, method="PUT")
            self.edits[proposal["id"]] += 1

    async def _conclude(self, year: Year, enough: Callable[[], bool], tasks: asyncio.TaskGroup) -> None:
        due = (self.stage.clock.now() + timedelta(days=200)).date()
        undertaking = year.cycle.undertakings[0]
        for number, item in enumerate(year.items):
            action = {**undertaking.dated(due), "text": f"Action {number + 1} of this meeting."}
            body = {
                "item_id": item["itemId"],
                "marking": year.cycle.marking,
                "conclusion": "Both sides will do it together.",
                "action": action,
            }
            async with self._asking("agenda"):
                outcome = await self.stage.desk(year.cycle.drafting.secretariat).post(
                    "agenda", f"{year.path}/outcomes", body
                )
            for adviser in year.cycle.advisers:
                async with self._asking("agenda"):
                    await clear(year, outcome, adviser)
            state = ""
            for chair in year.cycle.chairs:
                async with self._asking("agenda"):
                    agreed = await self.stage.desk(chair).agree(f"/v1/outcomes/{outcome['id']}")
                state = agreed["state"]
            if state != "AGREED":
                self.problems.append(f"outcome {outcome['id']} is {state} after all have signed")
            course = Course(year.cycle.series, outcome["id"], outcome["action"]["id"], left=number == 0)
            self.courses.append(course)
            if not course.left:
                tasks.create_task(self._pursue(course, enough))
            await self._pause()

    async def _pursue(self, course: Course, enough: Callable[[], bool]) -> None:
        owner, judge = OWNERS[course.series]

        async def opened() -> Document | None:
            try:
                return await self.stage.desk(owner).get("actions", f"/v1/actions/{course.action_id}")
            except Refused as refusal:
                if refusal.reason == "NO_ACCESS":
                    return None
                raise

        await until(opened, within=PATIENCE, what=f"the action of outcome {course.outcome_id}")
        await self._do(course, owner, "accept")
        await self._report(course, owner)
        while not enough():
            if self.rng.random() < 0.5:
                await self._report(course, owner)
            else:
                await self._do(course, owner, "block", {"reason": f"Waits, {len(course.commands)}."})
                await self._do(course, owner, "unblock")
        await self._claim(course, owner)
        await self._do(course, judge, "reject", {"reason": "One page is missing."})
        await self._report(course, owner)
        await self._claim(course, owner)
        await self._do(course, judge, "confirm")

    async def _report(self, course: Course, owner: str) -> None:
        told = {"rag": self.rng.choice(["AMBER", "RED"]), "narrative": f"Step {len(course.commands)}."}
        again = {**told, "reason": f"There is more to say, {len(course.commands)}."}
        # A round that was opened in between takes one update, and corrections of it until it closes.
        for command, body, otherwise in (
            ("progress", told, "ROUND_REPORTED"),
            ("progress/corrections", again, "ROUND_CLOSED"),
            ("progress", told, ""),
        ):
            try:
                await self._do(course, owner, command, body)
                return
            except Refused as refusal:
                if refusal.reason != otherwise:
                    raise

    async def _claim(self, course: Course, owner: str) -> None:
        evidence = {
            "title": "The text as both sides published it",
            "uri": f"urn:entente:chaos:{course.action_id}:{len(course.commands)}",
            "marking": "TLP:CLEAR",
        }
        await self._do(course, owner, "completion-claim", {"evidence": [evidence], "narrative": "Done."})

    async def _do(self, course: Course, account: str, command: str, body: Document | None = None) -> None:
        await self._pause()
        expected = MODEL[command][course.states[-1]]
        async with self._asking("actions"):
            answer = await self.stage.desk(account).change(
                "actions", f"/v1/actions/{course.action_id}", command, body or {}
            )
        course.commands.append(command)
        course.states.append(answer["state"])
        if answer["state"] != expected:
            raise CommandFailed(f"{command} of {course.action_id} led to {answer['state']}, not {expected}")

    @asynccontextmanager
    async def _asking(self, service: str) -> AsyncIterator[None]:
        self.under_way[service] += 1
        try:
            yield
        finally:
            self.under_way[service] -= 1

    async def _pause(self) -> None:
        await asyncio.sleep(self.rng.uniform(_SHORTEST_PAUSE, _LONGEST_PAUSE))
