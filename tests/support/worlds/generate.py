"""Draws worlds, and for a reader another world that differs only in what that reader may not see."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from hypothesis import strategies as st

from services.cli.accounts import Account
from tests.support.worlds.oracle import AGENCIES, MARKINGS, PARTIES, Standing, Text
from tests.support.worlds.readers import READERS, counts, denies, knows, series_of
from tests.support.worlds.world import (
    SECRETARIATS,
    Adopt,
    Ask,
    Consent,
    Contest,
    Decide,
    Deny,
    Link,
    Publish,
    Settle,
    Spill,
    Spoil,
    Step,
    Theme,
    Withdraw,
    Wording,
    World,
    is_acceptable,
    party_of,
)

_THEMES: Final = ("CNI_INTERDEPENDENCY", "CYBERCRIME_RANSOMWARE", "THREAT_LANDSCAPE")
_AGENCIES: Final = ("ncsc", "ncsc", "enisa", "cisa", "cert-eu")
_ASSESSMENTS: Final = 5


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world with texts of every agency, and what people made of them."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    return _World(chance).draw()


readers = st.sampled_from(sorted(READERS))
chances = st.integers(0, 2**32)


class _World:
    """Draws one world. Texts are marked in every way that their agency can mark."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._steps: list[Step] = []
        self._texts: list[Publish] = []

    def draw(self) -> World:
        chance = self._chance
        owners = [chance.choice(_AGENCIES) for _ in range(_ASSESSMENTS)]
        for number, agency in enumerate(owners):
            self._publish(agency, f"A{number}")
        for number, agency in enumerate(owners):
            if chance.random() < 0.4:
                self._publish(agency, f"A{number}")
        for agency in chance.sample(sorted(AGENCIES), 2):
            self._add(Spoil, agency=agency, seed=self._seed())
        for _ in range(5):
            self._consent()
        for audience in SECRETARIATS:
            self._hand_made(audience)
        self._contest()
        self._deny()
        self._add(Spill, agency=chance.choice(sorted(AGENCIES)), seed=self._seed())
        self._add(Adopt)
        self._go_on(owners)
        return World(tuple(self._steps))

    def _go_on(self, owners: Sequence[str]) -> None:
        for number, agency in enumerate(owners):
            if self._chance.random() < 0.3:
                self._publish(agency, f"A{number}")
            elif self._chance.random() < 0.2:
                self._add(Withdraw, agency=agency, identity=f"A{number}")
        for _ in range(2):
            self._consent()

    def _add(self, kind: type[Step], **members: object) -> None:
        minute = float(len(self._steps) + 1)
        self._steps.append(kind(key=f"s{len(self._steps)}", minute=minute, **members))

    def _seed(self) -> int:
        return self._chance.randrange(10**8)

    def _publish(self, agency: str, identity: str) -> None:
        revision = 1 + sum(one.identity == identity for one in self._texts)
        sources = self._sources(identity) if self._chance.random() < 0.3 else ()
        wording = drawn_wording(self._chance, agency, sources)
        before = len(self._steps)
        day = 1 + self._chance.randrange(19)
        self._add(Publish, agency=agency, identity=identity, revision=revision, day=day, wording=wording)
        published = self._steps[before]
        assert isinstance(published, Publish)
        self._texts.append(published)

    def _contest(self) -> None:
        """Of an assessment that nothing else is made of."""
        agency = self._chance.choice(_AGENCIES)
        wording = drawn_wording(self._chance, agency, ())
        day = 1 + self._chance.randrange(19)
        self._add(Publish, agency=agency, identity="C0", revision=1, day=day, wording=wording)
        text, other = (agency, "C0", 1), replace(wording, seed=self._seed())
        self._add(Contest, text=text, day=day, wording=other)
        if self._chance.random() < 0.5:
            self._add(Settle, text=text, seed=self._seed())

    def _deny(self) -> None:
        agency = self._chance.choice(sorted(AGENCIES))
        self._add(
            Deny,
            agency=agency,
            identity="D0",
            day=1 + self._chance.randrange(19),
            wording=drawn_wording(self._chance, agency, ()),
            seed=self._seed(),
            lifted=self._chance.random() < 0.5,
        )

    def _sources(self, identity: str) -> tuple[Text, ...]:
        others = [one.text for one in self._texts if one.identity != identity and not one.wording.sources]
        return (self._chance.choice(others),) if others else ()

    def _standing(self) -> Standing:
        return list(World(tuple(self._steps)).standings())[-1][1]

    def _seen_by(self, party: str) -> list[tuple[Text, str]]:
        standing = self._standing()
        seen = [(text, standing.sees(party, text)) for text in standing.texts]
        return [(text, rendition) for text, rendition in seen if rendition is not None]

    def _consent(self) -> None:
        text = self._chance.choice(self._texts)
        series = self._chance.choice(("", "", "uk-eu", "uk-us-cmr"))
        parties = {"": PARTIES, "uk-eu": ("UK", "EU"), "uk-us-cmr": ("UK", "US")}[series]
        lines = ["TEAR_LINE"] if text.wording.line else []
        self._add(
            Consent,
            text=text.text,
            rendition=self._chance.choice(["FULL", *lines]),
            party=self._chance.choice(parties),
            mode=self._chance.choice(("RELEASE", "RELEASE", "DISCLOSE")),
            series=series,
            seed=self._seed(),
            withdrawn=self._chance.random() < 0.3,
        )

    def _hand_made(self, audience: tuple[str, str]) -> None:
        seen = self._seen_by(audience[1]) or [(self._texts[0].text, "FULL")]
        for _ in range(2):
            text, rendition = self._chance.choice(seen)
            verdict = self._chance.choice(("ASSIGNED", "REMOVED"))
            theme = self._chance.choice(_THEMES)
            self._add(Theme, audience=audience, text=text, theme=theme, verdict=verdict, seed=self._seed())
            mode = self._chance.choice(("RELEASE", "DISCLOSE"))
            self._add(Decide, audience=audience, text=text, rendition=rendition, mode=mode)
        text, rendition = self._chance.choice(seen)
        party = self._chance.choice(("UK", "EU") if audience[0] == "uk-eu" else ("UK", "US"))
        answer = self._chance.choice(("", "REFUSED", "TEAR_LINE_OFFERED"))
        asked = {"text": text, "rendition": rendition, "party": party, "answer": answer}
        self._add(Ask, audience=audience, seed=self._seed(), **asked)
        one, other = self._chance.choice(seen)[0], self._chance.choice(seen)[0]
        if one[:2] != other[:2]:
            self._add(Link, audience=audience, one=one, other=other, seed=self._seed())


def drawn_wording(chance: random.Random, agency: str, sources: tuple[Text, ...]) -> Wording:
    """A revision in any marking of its agency, with or without a tear line that ingest takes."""
    rows = MARKINGS[party_of(agency)]
    wording = Wording(chance.randrange(10**8), chance.choice(sorted(rows)), None, sources)
    if chance.random() < 0.5:
        torn = replace(wording, line=(chance.randrange(10**8), chance.choice(sorted(rows))))
        if is_acceptable(agency, torn):
            return torn
    return wording


def other_world(world: World, reader: Account, chance: random.Random) -> World:
    """The world with what the reader may not see removed, changed or added."""
    return _Other(world, reader, chance).make()


def _home(agency: str) -> str:
    """The series in which the officials of an agency's party work."""
    return "uk-us-cmr" if agency == "cisa" else "uk-eu"


class _Other:
    def __init__(self, world: World, reader: Account, chance: random.Random) -> None:
        self._world = world
        self._reader = reader
        self._chance = chance
        self._seen = world.seen(reader.party)
        self._consented = {
            (step.text, step.rendition)
            for step in world.steps
            if isinstance(step, Ask | Consent) and knows(reader, step, world)
        }
        """Texts that the reader knows to exist, because it knows of a consent or of a request for one."""

        asked = {step.text for step in world.steps if isinstance(step, Ask) and knows(reader, step, world)}
        rested_on = {
            source for step in world.publications() if step.text in asked for source in step.wording.sources
        }
        self._asked = asked | rested_on
        """Texts of which a request that the reader knows of leans on the marking: an asker must read them."""

    def make(self) -> World:
        others = frozenset({"uk-eu", "uk-us-cmr"}) - series_of(self._reader)
        droppable = len(others) == 1 and not any(map(self._leans_on, self._world.steps))
        hidden = others if droppable and self._chance.random() < 0.3 else frozenset()
        made = World(self._dropped(), hidden)
        for step in made.steps:
            if isinstance(step, Publish):
                made = self._reworded(made, step)
        return self._with_more(made)

    def _leans_on(self, step: Step) -> bool:
        """Whether the reader knows of what somebody did who acts in another series only."""
        own = series_of(self._reader)
        if isinstance(step, Consent):
            return _home(step.text[0]) not in own and knows(self._reader, step, self._world)
        if isinstance(step, Ask):
            needed = {step.audience[0], *([_home(step.text[0])] if step.answer else [])}
            return not needed <= own and knows(self._reader, step, self._world)
        if isinstance(step, Settle):
            return _home(step.text[0]) not in own and knows(self._reader, step, self._world)
        return False

    def _dropped(self) -> tuple[Step, ...]:
        gone = {
            text[:2]
            for text in self._seen
            if self._is_hidden(text) and not counts(self._reader, text[0]) and self._chance.random() < 0.6
        } - {text[:2] for text in self._asked | {text for text, _ in self._consented}}
        kept: list[Step] = []
        for step in self._world.steps:
            if isinstance(step, Publish | Withdraw):
                if (step.agency, step.identity) not in gone:
                    kept.append(step)
            elif isinstance(step, Contest | Settle) and step.text[:2] in gone:
                continue
            elif knows(self._reader, step, self._world):
                kept.append(self._in_part(step))
            elif self._chance.random() < 0.5:
                kept.append(self._altered(step))
        return tuple(kept)

    def _is_hidden(self, text: Text) -> bool:
        return not any(self._seen[other] for other in self._seen if other[:2] == text[:2])

    def _in_part(self, step: Step) -> Step:
        """What the reader knows of, with what it may not see of it in other words."""
        if isinstance(step, Deny) and not denies(self._reader):
            return replace(step, seed=self._chance.randrange(10**8))
        return step

    def _altered(self, step: Step) -> Step:
        match step:
            case Theme() | Link() | Spoil() | Spill() | Settle() | Consent() | Ask():
                return replace(step, seed=self._chance.randrange(10**8))
            case Contest():
                return replace(step, wording=replace(step.wording, seed=self._chance.randrange(10**8)))
            case Deny():
                wording = drawn_wording(self._chance, step.agency, ())
                return replace(step, seed=self._chance.randrange(10**8), wording=wording)
            case _:
                return step

    def _reworded(self, made: World, step: Publish) -> World:
        """Other words, and another marking, wherever the reader does not have the whole text."""
        seen = self._seen[step.text]
        if "FULL" in seen or self._chance.random() < 0.2:
            return made
        drawn = drawn_wording(self._chance, step.agency, step.wording.sources)
        torn = "TEAR_LINE" in seen or (step.text, "TEAR_LINE") in self._consented
        line = step.wording.line if torn else drawn.line
        same_marking = replace(step.wording, seed=drawn.seed, line=line)
        drawings = [replace(drawn, line=line), same_marking]
        if step.text in self._asked:
            drawings = [replace(step.wording, seed=drawn.seed)]
        for wording in drawings:
            changed = World(
                tuple(replace(one, wording=wording) if one is step else one for one in made.steps),
                made.hidden_series,
            )
            if is_acceptable(step.agency, wording) and self._is_the_same(changed):
                return changed
        return made

    def _is_the_same(self, other: World) -> bool:
        """Whether the reader's party still sees what it saw, and no more, after every step."""
        seen = other.seen(self._reader.party)
        before: Mapping[Text, frozenset[str]] = self._seen
        return all(before.get(text, frozenset()) == renditions for text, renditions in seen.items())

    def _with_more(self, made: World) -> World:
        """Further assessments that the reader may not see, among the others."""
        for number in range(2):
            agency = self._chance.choice(sorted(AGENCIES))
            if counts(self._reader, agency):
                continue
            minute = self._chance.randrange(1, len(made.steps)) + 0.5
            step = Publish(
                key=f"more{number}",
                minute=minute,
                agency=agency,
                identity=f"M{number}",
                revision=1,
                day=1 + self._chance.randrange(19),
                wording=drawn_wording(self._chance, agency, ()),
            )
            more = World(tuple(sorted([*made.steps, step], key=lambda one: one.minute)), made.hidden_series)
            if self._is_the_same(more):
                made = more
        return made
