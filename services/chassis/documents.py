"""Reads folders of configuration documents and of reference data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import yaml


def read_documents(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Every YAML file below a folder, by its path without the ending, for example `series/uk-eu`."""
    documents = {
        path.relative_to(folder).with_suffix("").as_posix(): yaml.safe_load(path.read_text("utf-8"))
        for path in sorted(folder.rglob("*.yaml"))
    }
    if not documents:
        raise FileNotFoundError(f"no YAML document below {folder}")
    return documents


def read_json_documents(folder: Path) -> dict[str, Any]:
    """Every JSON file of a folder, by its name without the ending: data too large to be written in YAML."""
    documents = {path.stem: orjson.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}
    if not documents:
        raise FileNotFoundError(f"no JSON document in {folder}")
    return documents
