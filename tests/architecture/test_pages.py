"""What the reference says is what the code does."""

import runpy
from pathlib import Path

import pytest

PAGES = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "generate.py"))["pages"]()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_drawn_from_the_code_is_as_committed(page: Path) -> None:
    assert page.read_text("utf-8") == PAGES[page], "make proto writes it anew"


def test_every_reason_is_explained() -> None:
    (reasons,) = (text for page, text in PAGES.items() if page.name == "reasons.md")
    rows = [line.split(" | ") for line in reasons.splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    assert [row[0] for row in rows if len(row[1]) < 10] == []
