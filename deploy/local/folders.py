"""Where the local platform keeps what it makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Folders:
    """`state` holds one platform (data, secrets, keys, logs); `cache` holds the jars of all of them."""

    state: Path
    cache: Path

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], root: Path) -> "Folders":
        """Folders under `root/.entente`, unless ENTENTE_STATE or ENTENTE_CACHE say otherwise."""
        home = root / ".entente"
        return cls(
            state=Path(environ.get("ENTENTE_STATE") or home / "local").resolve(),
            cache=Path(environ.get("ENTENTE_CACHE") or home / "cache").resolve(),
        )

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def keys(self) -> Path:
        return self.state / "keys"

    def create(self) -> None:
        """Make the folders. Logs and keys are closed to other users."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.cache.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(exist_ok=True, mode=0o700)
        self.keys.mkdir(exist_ok=True, mode=0o700)
