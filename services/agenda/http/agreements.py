"""How agreements are asked for, given and shown, for agendas and outcomes alike."""

from pydantic import BaseModel

from services.agenda.domain.quorum import PartyAgreement, Quorum, Signatory, progress
from services.agenda.http.fields import Body, ContentHash, Signature
from services.agenda.usecases.agreeing import ToSign


class AgreementBody(Body):
    """The content hash is the precondition; no If-Match is needed, so officials never race each other."""

    content_hash: ContentHash
    jws: Signature


class StatementModel(BaseModel):
    """What to sign: `payload` is the canonical text, to be signed byte for byte and sent back detached."""

    type: str
    payload: str
    content_hash: str


class PartyAgreementModel(BaseModel):
    party: str
    needed: list[str]
    agreed: list[str]


def statement_model(to_sign: ToSign) -> StatementModel:
    return StatementModel(
        type=to_sign.statement.type,
        payload=to_sign.statement.payload.decode(),
        content_hash=to_sign.content_hash,
    )


def agreement_models(quorum: Quorum, agreed: tuple[Signatory, ...]) -> list[PartyAgreementModel]:
    return [_model(party) for party in progress(quorum, agreed)]


def _model(party: PartyAgreement) -> PartyAgreementModel:
    return PartyAgreementModel(party=party.party, needed=list(party.needed), agreed=list(party.agreed))
