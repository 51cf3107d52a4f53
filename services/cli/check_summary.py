"""What became of many files, counted by the folder that they lie in: a table in Markdown."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from os.path import commonpath
from pathlib import Path
from typing import Final

from services.cli.terminal import printable
from services.threatfeed.usecases.check_files import FileCheck, Verdict

_DEEPEST: Final = 2
_HEAD: Final = (
    "data set",
    "files",
    "accepted",
    "partial",
    "rejected",
    "for",
    "files with a refusal, by reason",
)


@dataclass(slots=True)
class _Counts:
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    agencies: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, checked: FileCheck) -> None:
        self.verdicts[checked.verdict] += 1
        if checked.revisions:
            self.agencies[checked.agency] += 1
        self.reasons.update({refusal.reason for refusal in checked.refusals})


@dataclass(slots=True)
class Summary:
    """Counts by folder, as deep as two below the folder that holds all files."""

    root: Path
    counts: dict[str, _Counts] = field(default_factory=dict)

    @classmethod
    def of(cls, files: list[Path]) -> "Summary":
        """An empty summary of these files."""
        return cls(Path(commonpath([file.absolute().parent for file in files])))

    def add(self, file: Path, checked: FileCheck) -> None:
        folders = file.absolute().parent.relative_to(self.root).parts[:_DEEPEST]
        self.counts.setdefault("/".join(folders) or ".", _Counts()).add(checked)

    def lines(self) -> Iterator[str]:
        """The table, with a row for all of them at its end."""
        yield _row(*_HEAD)
        yield _row("---", *["--:"] * 4, *["---"] * 2)
        whole = _Counts()
        for name in sorted(self.counts):
            counts = self.counts[name]
            yield _counted(name, counts)
            whole.verdicts.update(counts.verdicts)
            whole.agencies.update(counts.agencies)
            whole.reasons.update(counts.reasons)
        yield _counted("all", whole)


def _counted(name: str, counts: _Counts) -> str:
    return _row(
        printable(name),
        str(counts.verdicts.total()),
        *(str(counts.verdicts[verdict]) for verdict in Verdict),
        ", ".join(f"{agency} {number}" for agency, number in sorted(counts.agencies.items())),
        ", ".join(f"`{reason}` {number}" for reason, number in sorted(counts.reasons.items())),
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
