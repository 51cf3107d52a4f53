"""What a secretariat reads of themes on a terminal."""

from services.cli.__main__ import create_app
from services.cli.commands.triage import change_line


def test_a_change_of_themes_is_one_line_that_commands_no_terminal() -> None:
    line = change_line(
        {
            "assessment_id": "6f2c",
            "title": "A \x1b[31mtitle\u202e",
            "added": [{"theme": "A", "rule_id": "A-1"}],
            "removed": [{"theme": "B", "rule_id": "B-1"}],
            "reassigned": [{"theme": "C", "rule_id_before": "C-1", "rule_id_after": "C-2"}],
        }
    )
    assert line.isprintable()
    assert line.startswith("6f2c")
    assert line.endswith("+A (A-1), -B (B-1), C C-1 -> C-2")


def test_the_commands_of_triage_are_there() -> None:
    app = create_app()
    commands = {one.callback.__name__ for one in app.registered_commands if one.callback}
    assert {"triage", "overlaps", "link", "unlink"} <= commands
    (group,) = (one.typer_instance for one in app.registered_groups if one.name == "themes")
    assert group is not None
    names = {one.callback.__name__ for one in group.registered_commands if one.callback}
    assert names == {"show", "assign", "remove", "leave", "report", "apply"}
