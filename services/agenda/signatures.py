"""Officials' signatures under agreements."""

from dataclasses import dataclass

from services.chassis import officials
from services.kernel.parties import Reader


@dataclass(frozen=True, slots=True)
class OfficialKeys:
    """The officials' public keys, asked about readers."""

    keys: officials.OfficialKeys

    @staticmethod
    def read(address: str) -> "OfficialKeys":
        """As `chassis.officials` reads them."""
        return OfficialKeys(officials.OfficialKeys.read(address))

    def verify(self, signature: str, payload: bytes, signer: Reader) -> str:
        """The `kid` of the key with which `signer` signed `payload`. Raises as `chassis.officials` does."""
        official = officials.Official(signer.subject, signer.party, signer.organisation)
        return self.keys.verify(signature, payload, official)

    def public_key(self, signature: str) -> dict[str, str]:
        """The public JWK that a signature names, with whose it is. Raises as `chassis.officials` does."""
        return self.keys.public_key(signature)
