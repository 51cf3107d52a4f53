"""Free loopback ports."""

import secrets
import socket

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

LOOPBACK = "127.0.0.1"

# Below the range that Linux gives to outgoing connections (32768 up), so that a port which is kept
# between two starts is not lent out in the meantime.
_LOWEST, _HIGHEST = 20000, 30000
_FREED_WITHIN = 2.0
"""Seconds."""


def is_free(port: int) -> bool:
    """Whether a server could listen on the port of the loopback interface now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _soon_free(port: int) -> bool:
    waiting = Retrying(
        retry=retry_if_result(lambda free: not free),
        wait=wait_fixed(0.1),
        stop=stop_after_delay(_FREED_WITHIN),
        retry_error_callback=lambda _: False,
    )
    return bool(waiting(is_free, port))


def free_port(*, preferred: int | None = None) -> int:
    """The preferred port if it is free or soon is, else one drawn at random.

    A process that was just killed holds its port until the kernel has taken it apart.
    """
    if preferred is not None and _soon_free(preferred):
        return preferred
    while True:
        candidate = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if candidate != preferred and is_free(candidate):
            return candidate


def accepts_connections(port: int) -> bool:
    """Whether something listens on the port of the loopback interface."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False
