"""What the methods work with besides the request, and who calls."""

from dataclasses import dataclass

from services.actions.usecases.given_evidence import Holding
from services.actions.usecases.publication import Publication
from services.actions.usecases.watch_status import Gallery
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.identity import current_principal
from services.kernel.parties import Reader


@dataclass(frozen=True, slots=True)
class ActionParts:
    """What the methods work with."""

    database: Database
    publication: Publication
    holding: Holding
    clock: Clock
    gallery: Gallery


def current_reader() -> Reader:
    principal = current_principal.get()
    return Reader.from_claims(principal.subject, principal.claims)
