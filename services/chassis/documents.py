"""Reads folders of configuration documents and of reference data."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import orjson
import structlog
import yaml

from services.kernel.refusals import Refusal

T = TypeVar("T")


def read_documents(folder: Path, *, may_be_empty: bool = False) -> dict[str, Mapping[str, Any]]:
    """Every YAML file below a folder, by its path without the ending, for example `series/uk-eu`."""
    documents = {
        path.relative_to(folder).with_suffix("").as_posix(): yaml.safe_load(path.read_text("utf-8"))
        for path in sorted(folder.rglob("*.yaml"))
    }
    if not documents and not may_be_empty:
        raise FileNotFoundError(f"no YAML document below {folder}")
    return documents


def read_json_documents(folder: Path) -> dict[str, Any]:
    """Every JSON file of a folder, by its name without the ending: data too large to be written in YAML."""
    documents = {path.stem: orjson.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}
    if not documents:
        raise FileNotFoundError(f"no JSON document in {folder}")
    return documents


class LiveDocuments(Generic[T]):
    """What is made of a folder of YAML documents, made anew when a file of it changes.

    What cannot be read is left aside until it is repaired: the last that was whole stays in force.
    """

    def __init__(
        self,
        folder: Path,
        build: Callable[[Mapping[str, Mapping[str, Any]]], T],
        *,
        may_be_empty: bool = False,
    ) -> None:
        self._folder = folder
        self._build = build
        self._may_be_empty = may_be_empty
        self._seen = _stamps(folder)
        self._current = build(read_documents(folder, may_be_empty=may_be_empty))
        self._log = structlog.get_logger("documents").bind(folder=str(folder))

    def __call__(self) -> T:
        return self._current

    async def look_again(self) -> bool:
        """Whether there is another one since the last look."""
        return await asyncio.to_thread(self._look_again)

    def _look_again(self) -> bool:
        try:
            stamps = _stamps(self._folder)
            if stamps == self._seen:
                return False
            self._seen = stamps
            self._current = self._build(read_documents(self._folder, may_be_empty=self._may_be_empty))
        except (Refusal, OSError, LookupError, TypeError, ValueError, yaml.YAMLError) as error:
            self._log.error("documents are not taken", error=repr(error))
            return False
        self._log.info("documents are taken anew")
        return True


def _stamps(folder: Path) -> dict[Path, tuple[int, int, int]]:
    stamps = {}
    for path in folder.rglob("*.yaml"):
        found = path.stat()
        stamps[path] = found.st_mtime_ns, found.st_size, found.st_ino
    return stamps
