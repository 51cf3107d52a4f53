"""What the command line says and ends on, without a traceback."""


class CommandFailed(Exception):
    """The command cannot do what was asked; the message is for the person who asked."""

    exit_code = 1


class Unreachable(CommandFailed):
    """A service does not answer at all. Ends on EX_UNAVAILABLE of sysexits.h."""

    exit_code = 69


class Refused(CommandFailed):
    """A service refused. `reason` is its stable code (RFC 9457 extension member)."""

    def __init__(self, status: int, reason: str, detail: str, request: str) -> None:
        super().__init__(f"{request}: {status} {reason}: {detail}")
        self.status = status
        self.reason = reason
        self.detail = detail
