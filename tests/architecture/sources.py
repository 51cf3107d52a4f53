"""The files of this repository, as the rules look at them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("threatfeed", "agenda", "actions")


@lru_cache(maxsize=1)
def repository_files() -> tuple[Path, ...]:
    """Every file that is tracked or would be, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    paths = (Path(name) for name in listed.stdout.decode().split("\0") if name)
    return tuple(sorted(path for path in paths if (ROOT / path).is_file()))


def python_files(*folders: str) -> tuple[Path, ...]:
    """The hand-written Python files below these folders."""
    return tuple(
        path
        for path in repository_files()
        if path.suffix == ".py" and path.parts[0] in folders and "_pb2" not in path.name
    )


@lru_cache(maxsize=1_000)
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"), str(path))


def read(path: Path) -> str:
    return (ROOT / path).read_text("utf-8")


def calls(root: ast.AST) -> Iterator[tuple[str, int]]:
    """What is called below a node, as it is written, and on which line."""
    for node in ast.walk(root):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


class _AtImport(ast.NodeVisitor):
    """Collects what is called while a module is imported: not what functions do when they are called."""

    def __init__(self) -> None:
        self.found: list[tuple[str, int]] = []

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(part)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Its body runs later."""

    def visit_If(self, node: ast.If) -> None:
        if "__main__" not in ast.unparse(node.test):
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        self.found.append((ast.unparse(node.func), node.lineno))
        self.generic_visit(node)


def calls_at_import(path: Path) -> list[tuple[str, int]]:
    visitor = _AtImport()
    visitor.visit(tree(path))
    return visitor.found
