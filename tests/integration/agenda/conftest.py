"""Fixtures of the agenda's integration tests."""

from tests.support.dialogue import dialogue

__all__ = ["dialogue"]
