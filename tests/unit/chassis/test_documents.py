"""Documents that change under a running process."""

from pathlib import Path

import pytest

from services.chassis.documents import LiveDocuments


def kept(folder: Path) -> LiveDocuments[dict[str, object]]:
    (folder / "a.yaml").write_text("x: 1")
    return LiveDocuments(folder, lambda documents: {name: one["x"] for name, one in documents.items()})


async def test_what_changes_is_taken_at_the_next_look(tmp_path: Path) -> None:
    live = kept(tmp_path)
    assert live() == {"a": 1}
    assert not await live.look_again()
    (tmp_path / "a.yaml").write_text("x: 22")
    (tmp_path / "b.yaml").write_text("x: 3")
    assert live() == {"a": 1}
    assert await live.look_again()
    assert live() == {"a": 22, "b": 3}
    (tmp_path / "b.yaml").unlink()
    assert await live.look_again()
    assert live() == {"a": 22}


@pytest.mark.parametrize("broken", ["x: [", "- 1", "", "y: 1"])
async def test_what_cannot_be_read_leaves_the_last_in_force(tmp_path: Path, broken: str) -> None:
    live = kept(tmp_path)
    (tmp_path / "a.yaml").write_text(broken)
    assert not await live.look_again()
    assert live() == {"a": 1}
    (tmp_path / "a.yaml").write_text("x: 333")
    assert await live.look_again()
    assert live() == {"a": 333}


async def test_a_document_that_is_being_put_in_its_place_leaves_the_last_in_force(tmp_path: Path) -> None:
    live = kept(tmp_path)
    (tmp_path / "b.yaml").symlink_to(tmp_path / "new")
    assert not await live.look_again()
    assert live() == {"a": 1}
    (tmp_path / "new").write_text("x: 2")
    assert await live.look_again()
    assert live() == {"a": 1, "b": 2}
