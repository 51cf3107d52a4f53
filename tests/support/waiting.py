"""Waiting for a condition: the only way in which tests wait."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

from tenacity import AsyncRetrying, RetryError, retry_if_result, stop_after_delay, wait_exponential

Found = TypeVar("Found")


@overload
async def eventually(
    condition: Callable[[], Awaitable[Found]],
    *,
    within: float = ...,
    describe: str | Callable[[], str] = ...,
) -> Found: ...


@overload
async def eventually(
    condition: Callable[[], Found],
    *,
    within: float = ...,
    describe: str | Callable[[], str] = ...,
) -> Found: ...


async def eventually(
    condition: Callable[[], Any],
    *,
    within: float = 10.0,
    describe: str | Callable[[], str] = "",
) -> Any:
    """Ask until the answer is truthy, and give that answer.

    Fails the test with an AssertionError after `within` seconds, naming what was awaited and the last
    answer. What the condition raises is raised at once.
    """

    async def ask() -> Any:
        answer = condition()
        return await answer if inspect.isawaitable(answer) else answer

    try:
        return await AsyncRetrying(
            retry=retry_if_result(lambda answer: not answer),
            wait=wait_exponential(multiplier=0.01, max=0.25),
            stop=stop_after_delay(within),
        )(ask)
    except RetryError as late:
        awaited = describe() if callable(describe) else describe or repr(condition)
        last = late.last_attempt.result()
        raise AssertionError(f"not within {within} s: {awaited}; last answer {last!r}") from None
