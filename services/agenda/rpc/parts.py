"""Who calls."""

from services.chassis.identity import current_principal
from services.kernel.parties import Reader


def caller() -> Reader:
    """Raises `ClaimsMalformed`."""
    principal = current_principal.get()
    return Reader.from_claims(principal.subject, principal.claims)
