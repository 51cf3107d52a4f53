"""Keeps which entries each release of an agency's catalogue lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.chassis.database import Transaction
from services.threatfeed.domain.assessment import VersionKey, VersionScheme
from services.threatfeed.domain.catalogues import Absence, Release


async def lock_catalogue(tx: Transaction, agency: str, prefix: str) -> dict[str, VersionKey]:
    """The newest versions of the catalogue's entries, whose own ids begin so, that are not withdrawn.

    No other writer has the agency's catalogue until the commit.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"catalogue of {agency}"])
    cursor = await tx.execute(
        """
        SELECT object_id, version_scheme, version_ordinal, version_text FROM assessment
        WHERE agency = %s AND state IN ('ACTIVE', 'EXPIRED', 'CONFLICTED') AND version_ordinal IS NOT NULL
          AND object_id LIKE %s
        """,
        [agency, f"{prefix}%"],
    )
    return {
        object_id: VersionKey(VersionScheme(scheme), int(ordinal), text)
        for object_id, scheme, ordinal, text in await cursor.fetchall()
    }


async def absences_in_newer(
    tx: Transaction, agency: str, version: VersionKey, object_ids: Sequence[str]
) -> list[Absence]:
    """For each of the entries the newest release that lacks it, if one that is newer than a version does."""
    cursor = await tx.execute(
        """
        SELECT DISTINCT ON (object_id) object_id, version_ordinal, version_text, released_at
        FROM catalogue_release
        CROSS JOIN LATERAL (
            SELECT unnest(%(ids)s::text[]) EXCEPT SELECT unnest(listed)
        ) AS lacking (object_id)
        WHERE agency = %(agency)s AND complete AND version_ordinal > %(ordinal)s
        ORDER BY object_id, version_ordinal DESC
        """,
        {"agency": agency, "ordinal": version.ordinal, "ids": list(object_ids)},
    )
    return [
        Absence(object_id, VersionKey(VersionScheme.TIMESTAMP, int(ordinal), text), released_at)
        for object_id, ordinal, text, released_at in await cursor.fetchall()
    ]


async def releases_of(tx: Transaction, agency: str, version: VersionKey) -> list[Release]:
    """Everything that was published as that release."""
    cursor = await tx.execute(
        """
        SELECT version_ordinal, version_text, content_sha256, released_at, listed, complete
        FROM catalogue_release
        WHERE agency = %s AND version_ordinal = %s
        """,
        [agency, version.ordinal],
    )
    return [_release(row) for row in await cursor.fetchall()]


async def record_release(tx: Transaction, agency: str, release: Release, at: datetime) -> None:
    """Adds a release; what follows from it for its entries is recorded, and audited, with these."""
    await tx.execute(
        """
        INSERT INTO catalogue_release (agency, version_ordinal, version_text, content_sha256, released_at,
            listed, complete, received_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            agency,
            release.version.ordinal,
            release.version.text,
            release.content_sha256,
            release.released_at,
            sorted(release.listed),
            release.complete,
            at,
        ],
    )


def _release(row: tuple[Any, ...]) -> Release:
    ordinal, text, content_sha256, released_at, listed, complete = row
    return Release(
        VersionKey(VersionScheme.TIMESTAMP, int(ordinal), text),
        content_sha256,
        released_at,
        frozenset(listed),
        complete,
    )
