"""Whether the signatures and the quorum of an agreed agenda hold, from its file and without any service."""

from services.chassis.officials import Official, OfficialKeys
from services.kernel.agreement_files import AgreementFile, read_agreement_file


def verify_agenda(data: bytes, keys: OfficialKeys | None = None) -> AgreementFile:
    """The file, once its hash, every signature and its quorum hold; by the keys in it where none are given.

    Raises what is wrong, by name.
    """
    found = read_agreement_file(data)
    known = keys or OfficialKeys.from_document({"keys": found.keys})
    for one in found.agreements:
        known.verify(one.jws, one.payload, Official(one.official, one.party, one.organisation))
    return found
