"""What the deployment may not hold does not leave the agency."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.__main__ import create_app
from tests.support.submissions import narrative

CANARY = "CANARY-7c1f"


def published(folder: Path, *documents: dict[str, Any]) -> tuple[int, str]:
    files = []
    for number, document in enumerate(documents):
        file = folder / f"{number}.json"
        file.write_text(json.dumps(document))
        files.append(str(file))
    # There is no system in this folder: what was not refused before would fail for that.
    ran = CliRunner().invoke(
        create_app(), ["publish", "--as", "ncsc", "--state", str(folder / "none"), *files]
    )
    return ran.exit_code, ran.output


@pytest.mark.parametrize(
    "document",
    [
        narrative(text=CANARY, marking={"national": "UK SECRET"}),
        narrative(text=CANARY, marking={"national": "UNCLASSIFIED//NOFORN"}),
        narrative(text=CANARY, marking={"national": "UK TOP SECRET - MISSPELT - BEYOND - READING"}),
        narrative(text=CANARY, tear_line={"text": CANARY, "marking": {"national": "UK SECRET"}}),
        narrative(text=CANARY, published="never", marking={"national": "UK SECRET"}),
    ],
)
def test_nothing_is_sent_where_one_file_may_not_be_held(tmp_path: Path, document: dict[str, Any]) -> None:
    code, told = published(tmp_path, narrative(), document)
    assert code != 0
    assert "nothing was sent" in told
    assert CANARY not in told


def test_what_may_be_held_is_on_its_way(tmp_path: Path) -> None:
    code, told = published(tmp_path, narrative())
    assert code != 0
    assert "nothing was sent" not in told
