"""An action under way in a running service, and what the people around it ask of it."""

from typing import Any
from uuid import uuid4

from tests.support.tracking import Tracker


class Case:
    """An action under way, owned by DSIT with NCSC in support, and the people around it."""

    def __init__(self, tracker: Tracker, identity: str) -> None:
        self.tracker = tracker
        self.identity = identity
        self.here = f"/v1/actions/{identity}"
        self.dsit = tracker.headers("DSIT", "UK", "owner")
        self.eeas = tracker.headers("EEAS", "EU", "secretariat")
        self.cnect = tracker.headers("CNECT", "EU", "owner")

    async def version(self) -> int:
        return int((await self.get("", self.dsit))["version"])

    async def get(self, path: str, who: dict[str, str]) -> Any:
        response = await self.tracker.http.get(self.here + path, headers=who)
        return response.json() | {"http": response.status_code}

    async def ask(
        self, method: str, path: str, body: Any, who: dict[str, str], version: int | None = None, **more: str
    ) -> Any:
        given = await self.version() if version is None else version
        response = await self.tracker.http.request(
            method,
            self.here + path,
            json=body,
            headers={"Idempotency-Key": more.get("key", str(uuid4())), "If-Match": f'"{given}"', **who},
        )
        return response.json() | {"http": response.status_code}

    async def done(self, path: str, body: Any, who: dict[str, str], **more: Any) -> Any:
        answer = await self.ask("POST", path, body, who, **more)
        assert answer["http"] in {200, 201}, answer
        return answer

    async def refused(self, path: str, body: Any, who: dict[str, str], **more: Any) -> tuple[int, str]:
        answer = await self.ask(more.pop("method", "POST"), path, body, who, **more)
        return answer["http"], answer["reason"]


async def under_way(tracker: Tracker, **changes: Any) -> Case:
    case = Case(tracker, await tracker.open(**changes))
    await case.done("/accept", {}, case.dsit)
    await case.done("/progress", {"rag": "GREEN"}, case.dsit)
    return case
