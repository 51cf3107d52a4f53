"""Every route of threatfeed."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.threatfeed.http import (
    assessments,
    changes,
    clearances,
    conflicts,
    consents,
    consumers,
    correlations,
    counts,
    denials,
    exports,
    feeds,
    histories,
    pictures,
    policies,
    quarantine,
    releasability,
    taxii,
    themes,
    triage,
    withdrawals,
)


def routes() -> Sequence[APIRouter]:
    return (
        assessments.routes(),
        changes.routes(),
        conflicts.routes(),
        clearances.routes(),
        consents.routes(),
        consumers.routes(),
        denials.routes(),
        exports.routes(),
        feeds.routes(),
        histories.routes(),
        pictures.routes(),
        policies.routes(),
        releasability.routes(),
        triage.routes(),
        themes.routes(),
        correlations.routes(),
        counts.routes(),
        taxii.routes(),
        quarantine.routes(),
        withdrawals.routes(),
    )
