"""Kills every process of threatfeed while submissions pour in, then counts: `python -m benchmarks.chaos`."""
