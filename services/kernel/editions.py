"""Past editions of a series, entered from public texts: when and where the parties met, what they took up."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.kernel.parties import Organisation
from services.kernel.sections import PolicyMalformed, Section
from services.kernel.series import ItemKind, ItemPurpose, Series, by_party


@dataclass(frozen=True, slots=True)
class EditionSource:
    """The text that an edition was entered from; `address` as printed with the copy at hand, None where
    it bears none; not `complete` where that copy holds a part of the text only.
    """

    title: str
    publisher: str
    address: str | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How an item comes back on the agenda of the next edition."""

    purpose: ItemPurpose
    minutes: int
    lead: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class EditionItem:
    """What the parties took up; `outcome` is quoted word for word. It comes back where it has `recurs`."""

    title: str
    kind: ItemKind
    commitments: tuple[str, ...]
    themes: tuple[str, ...]
    outcome: str
    recurs: Recurrence | None


@dataclass(frozen=True, slots=True)
class RecurringItem:
    """An item of a past edition that belongs on the next agenda, and the latest edition it stands in."""

    item: EditionItem
    recurs: Recurrence
    year: int


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition that was held. `year` is that of its first day; `venue` is None where no place is named."""

    series: str
    year: int
    begins: date
    ends: date
    host: str
    venue: str | None
    source: EditionSource
    items: tuple[EditionItem, ...]


def read_edition(content: object, where: str, series: Mapping[str, Series]) -> Edition:
    """Reads one document of `editions/`. Raises `PolicyMalformed`."""
    section = Section(content, where)
    held = series.get(section.text("series"))
    if held is None:
        raise section.wrong("the edition is of no series")
    edition = Edition(
        series=held.id,
        year=section.whole("year"),
        begins=section.day("begins"),
        ends=section.day("ends"),
        host=section.text("host"),
        venue=section.optional_text("venue"),
        source=_read_source(section.section("source")),
        items=tuple(_read_item(entry, held) for entry in section.sections("items")),
    )
    section.end()
    if edition.host not in held.parties:
        raise section.wrong("the host is no party of the series")
    if not edition.begins <= edition.ends:
        raise section.wrong("the edition ends before it begins")
    if edition.year != edition.begins.year:
        raise section.wrong("the year is not that of the first day")
    if len({folded(item.title) for item in edition.items}) < len(edition.items):
        raise section.wrong("two items have the same title")
    return edition


def check_edition(
    edition: Edition,
    commitments: Container[str],
    themes: Container[str],
    organisations: Mapping[str, Organisation],
) -> None:
    """Whether everything that an edition names exists. Raises `PolicyMalformed`."""
    where = f"series '{edition.series}': the edition of {edition.year}"
    for item in edition.items:
        if any(cited not in commitments for cited in item.commitments):
            raise PolicyMalformed(f"{where} cites an unknown commitment")
        if any(theme not in themes for theme in item.themes):
            raise PolicyMalformed(f"{where} carries an unknown theme")
        for party, leads in (item.recurs.lead if item.recurs else {}).items():
            known = (organisations.get(lead) for lead in leads)
            if any(entry is None or entry.party != party for entry in known):
                raise PolicyMalformed(f"{where} names an organisation that is none of {party}'s")


def recurring_items(editions: Iterable[Edition], series: Series, year: int) -> tuple[RecurringItem, ...]:
    """What comes back at the edition of a year: each recurring item of the earlier editions once, in the
    wording of the latest, the latest edition first, unless the template of the series covers it.

    An item is covered, or the same as another, where titles are equal but for letter case and spaces, or
    where it has themes and the other side carries every one of them.
    """
    earlier = [entry for entry in editions if entry.series == series.id and entry.year < year]
    titles = {folded(item.title) for item in series.standing_items}
    themes = {theme for item in series.standing_items for theme in item.themes}
    found: list[RecurringItem] = []
    for edition in sorted(earlier, key=lambda entry: entry.year, reverse=True):
        for item in edition.items:
            known = folded(item.title) in titles or (item.themes and themes.issuperset(item.themes))
            if item.recurs is None or known:
                continue
            found.append(RecurringItem(item, item.recurs, edition.year))
            titles.add(folded(item.title))
            themes.update(item.themes)
    return tuple(found)


def folded(title: str) -> str:
    """A title without regard to letter case and runs of spaces."""
    return " ".join(title.casefold().split())


def _read_source(section: Section) -> EditionSource:
    source = EditionSource(
        title=section.text("title"),
        publisher=section.text("publisher"),
        address=section.optional_text("address"),
        complete=section.flag("complete"),
    )
    section.end()
    return source


def _read_item(section: Section, series: Series) -> EditionItem:
    item = EditionItem(
        title=section.text("title"),
        kind=section.member("kind", ItemKind),
        commitments=section.optional_texts("commitments"),
        themes=section.optional_texts("themes"),
        outcome=" ".join(section.text("outcome").split()),
        recurs=_read_recurrence(section.section("recurs"), series) if section.holds("recurs") else None,
    )
    section.end()
    return item


def _read_recurrence(section: Section, series: Series) -> Recurrence:
    recurrence = Recurrence(
        purpose=section.member("purpose", ItemPurpose),
        minutes=section.whole("minutes"),
        lead=by_party(section.section("lead"), series.parties),
    )
    section.end()
    return recurrence
