"""What the words that come in may look like: bounded, and without control characters."""

import re

PLAIN = r"^[^\x00-\x1f\x7f]*$"
LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
CODE = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
CONTENT_HASH = r"^sha256:[0-9a-f]{64}$"
TOKEN = r"^[A-Za-z0-9_=+/.:-]*$"  # noqa: S105 the form of a page token
THREAD_ID = r"^[A-Za-z0-9:._-]+$"
NATIONALITY = r"^[A-Z]{3}$"
SECTION = r"^(OPENING|CLOSING|[0-9a-f-]{36})$"
LOCAL_TIME = r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:\d{2})?$"
TIME_ZONE = r"^[A-Za-z0-9_+/-]+$"
SUBJECT = r"^[a-z]+:[A-Za-z0-9_.-]+$"

LONGEST_LINE, LONGEST_PROSE, LONGEST_CODE, LONGEST_BANNER = 300, 4_000, 60, 512
LONGEST_SIGNATURE, LONGEST_TOKEN, LONGEST_ID, LONGEST_ZONE = 2_048, 512, 120, 60
MOST_ANSWERS, MOST_MINUTES, LAST_POSITION = 200, 1_440, 1_000
MOST_LISTED = 20
"""Commitments, leads and references of an item, owners of an action, and the like."""
LAST_REVISION = 2_147_483_647
FIRST_EDITION, LAST_EDITION = 1_000, 9_999
LEAST_PLANNED, MOST_PLANNED, MOST_WORTH, LONGEST_GAP, MOST_LEADING = -1_440, 10_080, 1_000_000, 120, 1_000
MOST_BREAKS, MOST_ORDERS, MOST_COVERED, MOST_ITEMS = 40, 200, 50, 500


def fits(text: str, pattern: str, most: int, *, least: int = 0) -> bool:
    """Whether the whole text has that form and length."""
    return least <= len(text) <= most and re.fullmatch(pattern, text) is not None
