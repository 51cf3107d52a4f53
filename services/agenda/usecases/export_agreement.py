"""A file that shows to anybody, without this service, what was agreed and who signed it."""

from uuid import UUID

from services.agenda.domain.permissions import Command
from services.agenda.signatures import OfficialKeys
from services.agenda.store.agreements import Subject, agreements_to
from services.agenda.usecases.access import agenda_for
from services.chassis.database import Database
from services.kernel.agreement_files import write_agreement_file
from services.kernel.parties import Reader
from services.kernel.policy import Policy


async def export_agreement(
    database: Database, reader: Reader, agenda_id: UUID, *, policy: Policy, keys: OfficialKeys
) -> bytes:
    """With the signatures given so far, the quorum, and the public keys of those who signed.

    Raises `NoAccess`, or `OfficialKeyUnknown` where a key is no longer registered.
    """
    async with database.transaction() as tx:
        agenda = await agenda_for(tx, reader, Command.READ_AGENDA, agenda_id, policy)
        given = await agreements_to(tx, Subject.AGENDA, agenda.id)
    return write_agreement_file(
        agenda=agenda.payload,
        quorum=policy.get_series(agenda.series).quorum,
        agreements=[(one.payload, one.jws) for one in given],
        keys=[keys.public_key(one.jws) for one in given],
    )
