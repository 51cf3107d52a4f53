"""Fixtures of the plumbing's integration tests."""

from tests.support.plumbing import plumbing

__all__ = ["plumbing"]
