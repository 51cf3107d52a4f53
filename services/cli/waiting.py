"""Waiting for a condition, with a deadline."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import (
    AsyncRetrying,
    RetryError,
    retry_if_not_result,
    stop_after_delay,
    wait_exponential,
)

from services.cli.failures import CommandFailed

Found = TypeVar("Found")


async def until(condition: Callable[[], Awaitable[Found | None]], *, within: float, what: str) -> Found:
    """Asks until the answer is truthy, and gives that answer.

    Raises `CommandFailed` naming `what` after `within` seconds.
    """

    async def ask() -> Found | None:
        return await condition()

    try:
        answer: Found | None = await AsyncRetrying(
            retry=retry_if_not_result(bool),
            wait=wait_exponential(multiplier=0.02, max=0.3),
            stop=stop_after_delay(within),
        )(ask)
    except RetryError:
        raise CommandFailed(f"not within {within:.0f} s: {what}") from None
    if answer is None:
        raise AssertionError("unreachable")
    return answer
