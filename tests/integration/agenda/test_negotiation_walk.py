"""Two sides do whatever they like over the api, and it stands as a model of pairs and words says it does."""

import random
from typing import Any

import pytest

from tests.support.dialogue import (
    EU_SECRETARIAT,
    QUORUM,
    UK_SECRETARIAT,
    Account,
    Dialogue,
    item_body,
)

SIDES = (UK_SECRETARIAT, EU_SECRETARIAT)
TITLES = ("Water", "Power", "<b>Rail</b>")


class Walk:
    """One meeting. The model: the words of each item on the table, who accepts them, who signed."""

    def __init__(self, dialogue: Dialogue, seed: int) -> None:
        self.dialogue = dialogue
        self.chance = random.Random(seed)
        self.drafts: dict[str, Any] = {}
        self.words: dict[str, str] = {}
        self.accepted: set[tuple[str, str]] = set()
        self.signed: set[str] = set()
        self.tabler = ""
        self.agreed = False
        self.agenda: Any = None

    async def begin(self) -> None:
        meeting = await self.dialogue.meeting()
        for who in SIDES:
            draft = await self.dialogue.draft(meeting, who)
            # Few lines, so that a walk comes to an agreement now and then.
            for item in draft["items"]:
                if item["kind"] != "STANDING":
                    path = f"/v1/drafts/{draft['id']}/items/{item['id']}"
                    draft = await self.dialogue.done(who, "DELETE", path, version=draft["version"])
            self.drafts[who.party] = draft
        await self.table(UK_SECRETARIAT)

    async def rewrite(self, who: Account) -> None:
        """An item of the table in other words, or in the same, and the whole put on the table."""
        await self.take_over(who)
        draft = self.drafts[who.party]
        item = self.chance.choice(draft["items"])
        path = f"/v1/drafts/{draft['id']}/items/{item['id']}"
        body = item_body(title=self.chance.choice(TITLES), kind=item["kind"])
        if self.chance.random() < 0.5:
            body["position"] = self.chance.randint(1, len(draft["items"]))
        self.drafts[who.party] = await self.dialogue.done(who, "PUT", path, body, version=draft["version"])
        await self.table(who)

    async def take_over(self, who: Account) -> None:
        draft = self.drafts[who.party]
        path, body = f"/v1/drafts/{draft['id']}/take-over", {"agenda_id": self.agenda["id"]}
        self.drafts[who.party] = await self.dialogue.done(who, "POST", path, body, version=draft["version"])

    async def table(self, who: Account) -> None:
        draft = self.drafts[who.party]
        self.agenda = await self.dialogue.table(draft, who)
        words = {
            item["id"]: str({name: value for name, value in item.items() if name != "position"})
            for item in draft["items"]
        }
        kept = {
            (party, item)
            for party, item in self.accepted
            if item in words and words[item] == self.words.get(item)
        }
        self.words, self.tabler = words, who.party
        self.accepted = kept | {(who.party, item) for item in words}
        self.signed, self.agreed = set(), False

    async def answer(self, who: Account, said: str, *items: str) -> None:
        response = await self.dialogue.answers(
            who, self.agenda, *({"item_id": item, "answer": said} for item in items)
        )
        if who.party == self.tabler or self.agreed:
            reason = "ANSWERS_OWN_VERSION" if who.party == self.tabler else "ILLEGAL_TRANSITION"
            assert (response.status_code, response.json()["reason"]) == (409, reason)
            return
        assert response.status_code == 200, response.text
        changed = {(who.party, item) for item in items}
        self.accepted = self.accepted | changed if said == "ACCEPTED" else self.accepted - changed

    async def sign(self, who: Account) -> None:
        response = await self.dialogue.try_to_agree(who, "agendas", self.agenda["id"])
        whole = len(self.accepted) == len(SIDES) * len(self.words)
        if not whole and who.subject not in self.signed:
            assert (response.status_code, response.json()["reason"]) == (409, "ITEMS_OPEN")
            return
        assert response.status_code == 200, response.text
        self.signed.add(who.subject)
        self.agreed = self.agreed or len(self.signed) == len(QUORUM)

    async def step(self) -> None:
        who = self.chance.choice(SIDES)
        item = self.chance.choice(sorted(self.words))
        match self.chance.randrange(8):
            case 0:
                await self.rewrite(who)
            case 1:
                await self.answer(who, "DECLINED", item)
            case 2:
                await self.answer(who, "ACCEPTED", item)
            case 3 | 4:
                await self.answer(who, "ACCEPTED", *sorted(self.words))
            case _:
                for official in self.chance.sample(QUORUM, self.chance.randint(1, 4)):
                    await self.sign(official)
        await self.check()

    async def check(self) -> None:
        """Both sides see the same, and that is what the model says."""
        path = f"/v1/agendas/{self.agenda['id']}"
        self.agenda = await self.dialogue.done(UK_SECRETARIAT, "GET", path)
        assert await self.dialogue.done(EU_SECRETARIAT, "GET", path) == self.agenda
        still_open = {(party, item["item_id"]) for item in self.agenda["items"] for party in item["open_for"]}
        assert still_open == {(who.party, item) for who in SIDES for item in self.words} - self.accepted
        assert self.agenda["state"] == ("AGREED" if self.agreed else "TABLED")
        given = {one for party in self.agenda["agreements"] for one in party["agreed"]}
        assert given == {who.organisation for who in QUORUM if who.subject in self.signed}


async def walked(dialogue: Dialogue, seed: int, steps: int) -> int:
    """How often the sides came to an agreement, by chance and then on purpose."""
    walk, agreements = Walk(dialogue, seed), 0
    await walk.begin()
    for _ in range(steps):
        before = walk.agreed
        await walk.step()
        agreements += walk.agreed and not before
    await walk.rewrite(UK_SECRETARIAT)
    await walk.answer(EU_SECRETARIAT, "ACCEPTED", *sorted(walk.words))
    for official in QUORUM:
        await walk.check()
        await walk.sign(official)
    await walk.check()
    return agreements + walk.agreed


async def test_a_short_walk_stands_as_the_model_says(dialogue: Dialogue) -> None:
    assert await walked(dialogue, 6, 12) >= 1


@pytest.mark.long
@pytest.mark.parametrize("seed", range(8))
async def test_a_long_walk_stands_as_the_model_says(dialogue: Dialogue, seed: int) -> None:
    assert await walked(dialogue, seed, 150) >= 2
