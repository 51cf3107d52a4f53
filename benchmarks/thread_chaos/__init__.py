"""Kills every part of a whole system while officials work in it: `python -m benchmarks.thread_chaos`."""
