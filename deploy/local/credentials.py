"""The passwords of one platform, drawn at its first start and kept in its state folder."""

import json
import secrets
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from threading import Lock

from deploy.local.files import write_private


class Realm(StrEnum):
    KAFKA = "kafka"
    POSTGRES = "postgres"


class Credentials:
    """The file of passwords (mode 0600), by realm and login."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        document = json.loads(path.read_text()) if path.exists() else {}
        self._passwords: dict[str, dict[str, str]] = document.get("passwords", {})
        self._set_on: dict[str, list[str]] = document.get("set_on", {})

    def password(self, realm: Realm, login: str) -> str:
        """The login's password. A new one is on disk before it is returned, so none is ever set
        on a server and then forgotten.
        """
        with self._lock:
            logins = self._passwords.setdefault(realm, {})
            if login not in logins:
                logins[login] = secrets.token_urlsafe(24)
                self._write()
            return logins[login]

    def set_on(self, server: str) -> frozenset[str]:
        """The logins whose passwords are known to be set on the server of that id."""
        return frozenset(self._set_on.get(server, ()))

    def note_set_on(self, server: str, logins: Iterable[str]) -> None:
        """Remember that the server of that id has the passwords of these logins."""
        with self._lock:
            self._set_on[server] = sorted(self.set_on(server) | set(logins))
            self._write()

    def _write(self) -> None:
        document = {"passwords": self._passwords, "set_on": self._set_on}
        write_private(self._path, json.dumps(document, indent=2, sort_keys=True))
