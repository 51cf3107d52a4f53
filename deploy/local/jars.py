"""The broker's class path: the jars that jgo.lock.toml pins, fetched once into the cache folder."""

import hashlib
import subprocess
import sys
import tomllib
from pathlib import Path

from deploy.local.failures import PlatformFailed
from deploy.local.files import sole_holder, write_whole

_HERE = Path(__file__).parent
_SPECIFICATION = _HERE / "jgo.toml"
_LOCK = _HERE / "jgo.lock.toml"


def class_path(cache: Path) -> str:
    """The java class path of the pinned jars, fetching them when the cache does not hold them yet.

    Raises PlatformFailed when they cannot be fetched, or are not byte for byte those of the lock.
    """
    folder = cache / "kafka"
    folder.mkdir(parents=True, exist_ok=True)
    with sole_holder(cache / "kafka.lock"):
        if not _is_complete(folder):
            _fetch(folder)
    return f"{folder}/jars/*:{folder}/modules/*"


def _is_complete(folder: Path) -> bool:
    # The marker is written after every checksum was compared; afterwards names and presence suffice.
    marker = folder / "verified"
    return marker.exists() and marker.read_text() == _lock_digest() and set(_jars(folder)) == set(_locked())


def _fetch(folder: Path) -> None:
    (folder / "verified").unlink(missing_ok=True)
    settings = '\n[settings]\ncache_dir = "."\n'
    write_whole(folder / "jgo.toml", _SPECIFICATION.read_text() + settings)
    jgo = subprocess.run(
        [sys.executable, "-m", "jgo", "--color", "never", "--resolver", "python", "sync", "--force"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if jgo.returncode != 0:
        raise PlatformFailed(f"the Kafka jars cannot be fetched: {jgo.stderr[-2000:]}")
    _verify(folder)
    write_whole(folder / "verified", _lock_digest())


def _verify(folder: Path) -> None:
    found = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in _jars(folder).items()}
    locked = _locked()
    wrong = sorted(name for name in found.keys() | locked.keys() if found.get(name) != locked.get(name))
    if wrong:
        raise PlatformFailed(f"these jars are not those of {_LOCK.name}: {', '.join(wrong)}")


def _jars(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in folder.glob("*/*.jar")}


def _locked() -> dict[str, str]:
    dependencies = tomllib.loads(_LOCK.read_text())["dependencies"]
    return {f"{jar['artifactId']}-{jar['version']}.jar": jar["sha256"] for jar in dependencies}


def _lock_digest() -> str:
    return hashlib.sha256(_LOCK.read_bytes()).hexdigest()
