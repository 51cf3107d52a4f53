"""Sizes beyond which a submission, or a part of one, is refused.

The broker accepts records of 8 MiB, so that what is too large for the application still arrives, is
answered with a receipt and is kept in quarantine, instead of failing at the agency's producer.
"""

from typing import Final

SUBMISSION_BYTES: Final = 4 * 1024 * 1024
NESTING_DEPTH: Final = 64
ASSESSMENTS_PER_SUBMISSION: Final = 500
ENTRIES_PER_CATALOGUE: Final = 5_000
"""A vulnerability catalogue is one submission with an assessment for each of its entries."""
PARTS: Final = 20_000
"""Attributes of an event, products of a list, vulnerabilities of a document."""
PRODUCTS_BY_GROUP: Final = 1_000_000
"""Products that the groups named in one document stand for, each time that one is named."""
REFUSALS_PER_ASSESSMENT: Final = 20
"""A receipt names this many refusals of one assessment at most."""

IDENTIFIER_LENGTH: Final = 128
TITLE_LENGTH: Final = 500
TEXT_LENGTH: Final = 200_000
STATEMENT_LENGTH: Final = 4_000
REASON_LENGTH: Final = 2_000
NAME_LENGTH: Final = 200
BANNER_LENGTH: Final = 512
EDITION_LENGTH: Final = 32
URI_LENGTH: Final = 2_000
LIST_LENGTH: Final = 200
JUDGEMENTS: Final = 100
