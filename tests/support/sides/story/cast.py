"""Who takes part in the story, who may know of its steps, and when they happen."""

from datetime import UTC, datetime, timedelta
from typing import Final

from tests.support.dialogue import ENDS, account

ENISA: Final = account("ENISA", "EU", "owner")
GCHQ: Final = account("GCHQ", "UK", "chair")
USCYBERCOM: Final = account("USCYBERCOM", "US", "chair")
STRATCOM_CHAIR: Final = account("STRATCOM", "UK", "chair")
LINKER: Final = account("FCDO", "UK", "links", "secretariat")
JOINT: Final = ("uk-eu.UK", "uk-eu.EU")
REVIEW_UK: Final = ("uk-us-cmr.UK/secretariat", "uk-us-cmr.UK/chair")
UK_ONLY: Final = ("uk-eu.UK/secretariat", "uk-eu.UK/chair")
EU_ONLY: Final = ("uk-eu.EU/secretariat", "uk-eu.EU/chair")
REVIEW: Final = ("uk-us-cmr.UK", "uk-us-cmr.US")
REVIEW_US: Final = ("uk-us-cmr.US/secretariat", "uk-us-cmr.US/chair")
DUE: Final = "2026-11-27T12:00:00Z"
ENDED: Final = ENDS + timedelta(hours=1)
OVER: Final = ENDED + timedelta(days=1)
"""When everything has happened."""
BEFORE: Final = datetime(2025, 11, 24, 9, tzinfo=UTC)
"""When the edition before is prepared."""
MET_BEFORE: Final = datetime(2025, 12, 9, 9, tzinfo=UTC)
ENDED_BEFORE: Final = MET_BEFORE + timedelta(hours=32)
