"""Waiting for what another process does."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_result, stop_after_delay, wait_fixed

Found = TypeVar("Found")


async def until(look: Callable[[], Awaitable[Found]], within: float, every: float = 0.02) -> Found:
    """What is found once it is truthy. Raises `RetryError` after `within` seconds."""
    waiting = AsyncRetrying(
        retry=retry_if_result(lambda found: not found), wait=wait_fixed(every), stop=stop_after_delay(within)
    )
    return await waiting(look)
