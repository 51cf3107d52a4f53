"""Fixtures of the integration tests of actions."""

from tests.support.tracking import shared_tracker, tracker

__all__ = ["shared_tracker", "tracker"]
