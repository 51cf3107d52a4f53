"""Nothing but a new revision of its originator lowers a marking."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.local.platform import PlatformAccess
from services.kernel.identifiers import assessment_id
from tests.support.postgres import Databases
from tests.support.releasing import Releasing, narrative, releasing

HIGH = "UK OFFICIAL-SENSITIVE - HMG USE ONLY"
LOW = {"tlp": "TLP:CLEAR"}


@pytest.fixture
async def release(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Releasing]:
    async with releasing(platform, postgres) as release:
        yield release


def current(release: Releasing, agency: str = "ncsc") -> tuple[Any, ...]:
    """The number of the current revision and the national markings that it carries."""
    (row,) = release.rows(
        "SELECT revision, jsonb_array_length((document->'marking'->'national')::jsonb)"
        " FROM assessment JOIN assessment_revision USING (assessment_id, revision) WHERE assessment_id = %s",
        assessment_id(agency, "A"),
    )
    return row


async def test_the_originator_lowers_a_marking_with_a_new_revision(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", HIGH))
    assert not await release.allowed(text)
    await release.hold("ncsc", narrative("A", LOW, version=2))
    assert current(release) == (2, 0)
    assert await release.allowed(text, revision=2)
    assert not await release.allowed(text, revision=1)


@pytest.mark.parametrize(
    ("documents", "reasons"),
    [
        ([{**narrative("A", LOW, version=3), "marking": None}], ["MARKING_MISSING"]),
        ([{**narrative("A", LOW, version=3), "marking": {"tlp": "TLP:MAUVE"}}], ["MARKING_UNKNOWN"]),
        ([{**narrative("A", LOW, version=3), "agency": "cisa"}], ["PAYLOAD_CLAIMS_OTHER_AGENCY"]),
    ],
)
async def test_what_is_no_new_revision_lowers_nothing(
    release: Releasing, documents: list[dict[str, Any]], reasons: list[str]
) -> None:
    (text,) = await release.hold("ncsc", narrative("A", HIGH))
    documents = [{name: value for name, value in one.items() if value is not None} for one in documents]
    assert await release.ingest("ncsc", *documents) == reasons
    assert current(release) == (1, 1)
    assert not await release.allowed(text)


@pytest.mark.parametrize("more", [{}, {"text": "Other words."}], ids=["marking", "words"])
async def test_a_version_told_twice_is_nobodys_to_have_until_a_human_has_chosen(
    release: Releasing, more: dict[str, Any]
) -> None:
    (text,) = await release.hold("ncsc", narrative("A", HIGH))
    await release.ingest("ncsc", narrative("A", LOW, **more))
    ((state,),) = release.rows("SELECT state FROM assessment WHERE assessment_id = %s", text)
    assert state == "CONFLICTED"
    assert not await release.allowed(text, revision=1)


async def test_an_older_version_that_comes_late_lowers_nothing(release: Releasing) -> None:
    await release.hold("ncsc", narrative("A", HIGH, version=2))
    (text,) = await release.hold("ncsc", narrative("A", LOW, version=1))
    assert current(release) == (1, 1)
    assert not await release.allowed(text)


async def test_another_feed_that_takes_the_same_id_lowers_nothing(release: Releasing) -> None:
    (text,) = await release.hold("ncsc", narrative("A", HIGH))
    (other,) = await release.hold("enisa", narrative("A", LOW, version=2))
    assert other != text
    assert current(release) == (1, 1)
    assert current(release, "enisa") == (1, 0)
    assert not await release.allowed(text)
    assert await release.ingest("enisa", narrative("B", LOW, agency="ncsc")) == [
        "PAYLOAD_CLAIMS_OTHER_AGENCY"
    ]
