"""Reads a folder of configuration documents."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
