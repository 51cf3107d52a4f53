"""Fixtures for all tests: the session's platform, a broker's and a database's share for each test."""

pytest_plugins = [
    "tests.support.platform",
    "tests.support.kafka",
    "tests.support.postgres",
    "tests.support.terminal",
]
