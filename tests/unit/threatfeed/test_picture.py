"""What a picture says: counts by the day of publication, trends beyond chance, silence against oneself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.kernel.identifiers import assessment_id
from services.kernel.markings.banner import parse
from services.kernel.parties import Audience
from services.threatfeed.domain.picture import (
    Picture,
    Publication,
    SubjectTempo,
    Trend,
    WindowTempo,
    picture,
    pictures,
)
from services.threatfeed.domain.rhythm import Rhythm, judge, usual_gap
from services.threatfeed.domain.visibility import SourceReference, Told
from tests.support.submissions import real_policy

NOW = datetime(2026, 11, 25, 23, 59, tzinfo=UTC)
UK_ONLY = "UK OFFICIAL-SENSITIVE - HMG USE ONLY"
JOINT = "UK OFFICIAL REL EU"


def one(
    identity: str,
    *,
    agency: str = "ncsc",
    ago: float = 1,
    marking: str | None = JOINT,
    tear_line: str | None = None,
    **more: Any,
) -> Told:
    return Told(
        assessment_id=assessment_id(agency, identity),
        aggregate_version=1,
        agency=agency,
        marking=None if marking is None else parse(marking),
        tear_line=None if tear_line is None else parse(tear_line),
        published=NOW - timedelta(days=ago),
        **more,
    )


def drawn(*told: Told, at: datetime = NOW) -> dict[str, Picture]:
    return pictures({each.assessment_id: each for each in told}, real_policy(), at)


def parties(picture: Picture) -> dict[str, tuple[WindowTempo, ...]]:
    return {tempo.subject: tempo.windows for tempo in picture.parties}


class TestAWindow:
    @pytest.mark.parametrize(
        ("ago", "counts"),
        [
            (0, [(1, 0), (1, 0), (1, 0), (1, 0)]),
            (6, [(1, 0), (1, 0), (1, 0), (1, 0)]),
            (7, [(0, 1), (1, 0), (1, 0), (1, 0)]),
            (13, [(0, 1), (1, 0), (1, 0), (1, 0)]),
            (14, [(0, 0), (1, 0), (1, 0), (1, 0)]),
            (30, [(0, 0), (0, 1), (1, 0), (1, 0)]),
            (60, [(0, 0), (0, 0), (1, 0), (1, 0)]),
            (90, [(0, 0), (0, 0), (0, 1), (1, 0)]),
            (179, [(0, 0), (0, 0), (0, 1), (1, 0)]),
            (180, [(0, 0), (0, 0), (0, 0), (1, 0)]),
            (364, [(0, 0), (0, 0), (0, 0), (1, 0)]),
            (365, [(0, 0), (0, 0), (0, 0), (0, 1)]),
            (729, [(0, 0), (0, 0), (0, 0), (0, 1)]),
        ],
    )
    def test_holds_whole_days_and_is_followed_by_as_long_a_one_before(
        self, ago: int, counts: list[tuple[int, int]]
    ) -> None:
        windows = parties(drawn(one("A", ago=ago))["uk-eu.uk"])["UK"]
        assert [(window.count, window.before) for window in windows] == counts
        assert [window.days for window in windows] == [7, 30, 90, 365]

    def test_forgets_what_is_older_than_all_and_waits_for_what_comes_later(self) -> None:
        assert parties(drawn(one("A", ago=730), one("B", ago=-0.5))["uk-eu.uk"]) == {}
        assert parties(drawn(one("B", ago=-0.5), at=NOW + timedelta(days=1))["uk-eu.uk"])

    def test_counts_days_of_universal_time(self) -> None:
        picture = drawn(one("A"))["uk-eu.uk"]
        assert picture.as_of.isoformat() == "2026-11-25"


class TestATrend:
    @pytest.mark.parametrize(
        ("count", "before", "trend"),
        [
            (0, 0, Trend.STEADY),
            (4, 0, Trend.STEADY),
            (5, 0, Trend.RISING),
            (0, 5, Trend.FALLING),
            (10, 4, Trend.STEADY),
            (20, 8, Trend.RISING),
            (8, 20, Trend.FALLING),
            (100, 75, Trend.STEADY),
            (100, 70, Trend.RISING),
        ],
    )
    def test_is_a_difference_beyond_chance(self, count: int, before: int, trend: Trend) -> None:
        assert WindowTempo(7, count, before).trend is trend


class TestSilence:
    def gaps(self, *days: int) -> timedelta | None:
        at, moments = NOW, [NOW]
        for gap in days:
            at += timedelta(days=gap)
            moments.append(at)
        return usual_gap(moments)

    def test_is_judged_by_the_median_of_ones_own_gaps(self) -> None:
        assert self.gaps(7, 7, 6, 30) == timedelta(days=7)

    def test_is_unknown_where_there_were_too_few(self) -> None:
        assert self.gaps(7, 7, 7) is None
        assert judge(timedelta(days=400), None) is Rhythm.UNKNOWN

    def test_forgets_how_it_was_long_ago(self) -> None:
        assert self.gaps(*[90] * 30, *[2] * 20) == timedelta(days=2)

    def test_begins_after_three_usual_gaps(self) -> None:
        gap = timedelta(days=7)
        assert judge(timedelta(days=21), gap) is Rhythm.USUAL
        assert judge(timedelta(days=22), gap) is Rhythm.SILENT

    def test_of_one_agency_is_not_that_of_another(self) -> None:
        weekly = [one(f"W{n}", ago=30 + 7 * n) for n in range(6)]
        yearly = [one(f"Y{n}", agency="enisa", ago=30 + 60 * n, marking="TLP:CLEAR") for n in range(6)]
        found = {each.agency: each.rhythm for each in drawn(*weekly, *yearly)["uk-eu.uk"].agencies}
        assert found == {"ncsc": Rhythm.SILENT, "enisa": Rhythm.USUAL}


class TestAnAudience:
    def test_is_told_of_what_its_party_may_have_and_of_nothing_else(self) -> None:
        found = drawn(one("A"), one("B", marking=UK_ONLY), one("C", marking=None), one("D", agency="nobody"))
        counts = {name: parties(picture).get("UK") for name, picture in found.items()}
        assert {name: windows[0].count for name, windows in counts.items() if windows} == {
            "uk-eu.uk": 2,
            "uk-eu.eu": 1,
            "uk-us-cmr.uk": 2,
            "uk-us-cmr.us": 1,
        }

    def test_with_a_tear_line_only_is_not_told_what_the_whole_text_is_about(self) -> None:
        told = one("A", marking=UK_ONLY, tear_line=JOINT, themes=("RANSOMWARE",), sectors=("healthcare",))
        found = drawn(told)
        assert parties(found["uk-eu.eu"])["UK"][0].count == 1
        assert (found["uk-eu.eu"].themes, found["uk-eu.eu"].sectors) == ((), ())
        assert [tempo.subject for tempo in found["uk-eu.uk"].themes] == ["RANSOMWARE"]

    def test_is_not_told_of_what_was_written_from_a_source_that_it_may_not_have(self) -> None:
        source = one("S", marking=UK_ONLY, ago=200)
        made = one("M", sources=(SourceReference("ncsc", source.assessment_id),))
        lost = one("L", sources=(SourceReference("", UUID(int=1)),))
        assert parties(drawn(source, made, lost)["uk-eu.eu"]) == {}
        assert parties(drawn(source, made, lost)["uk-eu.uk"])["UK"][0].count == 1

    def test_is_not_told_of_what_was_written_from_a_version_whose_marking_is_not_told(self) -> None:
        source = replace(one("S", ago=800), version="2")
        same, older = (
            one(name, sources=(SourceReference("ncsc", source.assessment_id, version),))
            for name, version in (("M", "2"), ("L", "1"))
        )
        assert parties(drawn(source, same)["uk-eu.eu"])["UK"][0].count == 1
        assert parties(drawn(source, older)["uk-eu.eu"]) == {}

    def test_hears_nothing_before_an_embargo_ends(self) -> None:
        marking = parse(JOINT)
        until = replace(marking.national[0], embargo_until=NOW.replace(microsecond=0) + timedelta(hours=1))
        told = replace(one("A"), marking=replace(marking, national=(until,)))
        assert parties(drawn(told)["uk-eu.eu"]) == {}
        assert parties(drawn(told, at=NOW + timedelta(hours=2))["uk-eu.eu"])

    def test_counts_an_assessment_once_for_each_of_its_themes(self) -> None:
        seen = [Publication(NOW.date(), "ncsc", "UK", ("B", "A", "B"), ("s",))]
        found = picture(Audience("uk-eu", "UK"), seen, NOW)
        assert [(tempo.subject, tempo.windows[0].count) for tempo in found.themes] == [("A", 1), ("B", 1)]
        assert isinstance(found.sectors[0], SubjectTempo)
