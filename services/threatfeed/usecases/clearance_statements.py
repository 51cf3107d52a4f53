"""What officials sign at the clearance desk: they get the exact bytes, and hand in a signature over them."""

from dataclasses import dataclass
from datetime import datetime

from services.chassis.officials import Official, OfficialKeys
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.threatfeed.domain.clearances import check_stated
from services.threatfeed.statements import Statement
from services.threatfeed.store.clearances import SignedMessage
from services.threatfeed.usecases.holding import Holding


@dataclass(frozen=True, slots=True)
class ClearanceDesk:
    """What the desk works by."""

    policy: Policy
    holding: Holding
    keys: OfficialKeys


@dataclass(frozen=True, slots=True)
class ToSign:
    """A statement, and the time that it names."""

    statement: Statement
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class Signature:
    """A detached JWS over the statement that names the time; neither where nothing is signed."""

    stated_at: datetime | None
    jws: str

    def time(self, at: datetime) -> datetime:
        """The time to state."""
        return self.stated_at or at


def signed_by(
    reader: Reader, statement: Statement, signature: Signature, keys: OfficialKeys, at: datetime
) -> SignedMessage:
    """The statement as the reader signed it. Raises what `OfficialKeys.verify` raises, or
    `StatedTimeInvalid`.
    """
    keys.verify(signature.jws, statement.payload, Official(reader.subject, reader.party, reader.organisation))
    check_stated(signature.stated_at, at)
    return SignedMessage(statement.payload, signature.jws)
