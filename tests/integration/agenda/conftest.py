"""Fixtures of the agenda's integration tests."""

from tests.support.agenda_calls import call
from tests.support.dialogue import dialogue

__all__ = ["call", "dialogue"]
