"""Rules of the house that the graph of imports does not show."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.sources import (
    ROOT,
    SERVICES,
    calls,
    calls_at_import,
    python_files,
    read,
    repository_files,
    tree,
)

_CLOCK_OR_CHANCE = re.compile(
    r"(datetime\.)?(datetime|date)\.(now|utcnow|today)|time\.(time|time_ns)|(uuid\.)?uuid[14]"
    r"|(random|secrets)\.\w+|os\.urandom|time|monotonic_ns"
)
_MAY_ASK_THE_CLOCK = {
    "services/chassis/clock.py": {"datetime.now"},
    "services/chassis/ids.py": {"uuid4"},
    # Credentials are judged by real time, also where a demo moves the business clock.
    "services/chassis/identity.py": {"time.time"},
}
_SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|VALUES)\b")
_SQL_CLOCK_OR_CHANCE = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|random|gen_random_uuid"
    r"|uuid_generate_v\d\w*)\s*\(|\bcurrent_(timestamp|date|time)\b|\blocaltime(stamp)?\b",
    re.IGNORECASE,
)
_BUILT = re.compile(
    r"(\w+\.)*(FastAPI|App|create_app|Starlette|create_api|AsyncConnectionPool|ConnectionPool|Database(\.opened)?"
    r"|AIOKafka\w+|AdminClient|Producer|Consumer|create_producer|create_group_consumer|create_reader"
    r"|(aio\.)?server|insecure_channel|secure_channel|open_channel|AsyncClient|TracerProvider|MeterProvider"
    r"|CollectorRegistry|Counter|Gauge|Histogram|Health|Telemetry|TokenVerifier|connect|open|read_text|read_bytes"
    r"|(Base|Process|Threatfeed|Agenda|Actions)Settings(\.load)?)"
)
_PURE_LIBRARY = frozenset(
    {"abc", "base64", "bisect", "calendar", "collections", "collections.abc", "contextlib", "dataclasses"}
    | {"datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq", "ipaddress", "itertools"}
    | {
        "json",
        "json.encoder",
        "math",
        "operator",
        "re",
        "statistics",
        "string",
        "types",
        "typing",
        "unicodedata",
        "urllib.parse",
    }
    | {"uuid", "zoneinfo"}
)
_LONGEST_FILE = 400
_LEFT_BEHIND = re.compile("|".join((r"\bTO" + "DO\b", r"\bFIX" + "ME\b", r"\bXX" + "X\b", r"\bHA" + "CK\b")))
_NOT_RUN = re.compile(r"pytest\.(mark\.)?(sk" + r"ip\w*|xfa" + r"il)|unittest\.sk" + "ip|importorsk" + "ip")
_A_MACHINE = re.compile("|".join((r"/ho" + "me/", r"/Us" + "ers/", r"/ro" + "ot/", r"(?<![\w.])/wo" + "rk/")))
_A_REGISTRY = re.compile(
    "|".join(
        ("pypi" + r"\.org", "pythonhosted" + r"\.org", "npmjs" + r"\.(org|com)", "maven" + r"\.org",
         "docker" + r"\.io", "ghcr" + r"\.io", "quay" + r"\.io", "artif" + "actory", "--index" + "-url",
         r"https?://[\w.-]*(pro" + "xy|mir" + r"ror)[\w.-]*")
    )
)  # fmt: skip
_TEXTS = {".py", ".pyi", ".md", ".toml", ".yaml", ".yml", ".json", ".lock", ".proto", ".sql", ".txt", ""}


def texts() -> list[tuple[Path, str]]:
    kept = (path for path in repository_files() if path.suffix in _TEXTS)
    return [(path, (ROOT / path).read_text("utf-8", errors="replace")) for path in kept]


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_time_and_chance_come_from_one_place_and_are_passed_down() -> None:
    asked = {
        f"{path}:{line} {call}"
        for path in python_files("services")
        if path.parts[1] != "cli"
        for call, line in calls(tree(path))
        if _CLOCK_OR_CHANCE.fullmatch(call) and call not in _MAY_ASK_THE_CLOCK.get(path.as_posix(), set())
    }
    assert asked == set()


def test_statements_are_given_the_time_and_never_ask_for_it() -> None:
    migrations = [
        path for path in repository_files() if path.suffix == ".sql" and path.parts[0] == "services"
    ]
    assert migrations
    statements = [(path.as_posix(), read(path)) for path in migrations] + [
        (f"{path}:{node.lineno}", node.value)
        for path in python_files("services")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.search(node.value)
    ]
    assert [place for place, text in statements if _SQL_CLOCK_OR_CHANCE.search(text)] == []


def test_nothing_is_built_at_import() -> None:
    built = {
        f"{path}:{line} {call}"
        for path in python_files("services", "deploy")
        for call, line in calls_at_import(path)
        if _BUILT.fullmatch(call)
    }
    assert built == set()


def decisions() -> list[Path]:
    return [
        path
        for path in python_files("services")
        if path.parts[1] == "kernel" or (path.parts[1] in SERVICES and path.parts[2] == "domain")
    ]


@pytest.mark.parametrize("path", decisions(), ids=Path.as_posix)
def test_a_decision_is_synchronous_and_imports_only_the_pure_part_of_the_library(path: Path) -> None:
    kernel, own = "services.kernel", f"services.{path.parts[1]}.domain"
    foreign = {
        module
        for module in imported(path)
        if not module.startswith((kernel,) if path.parts[1] == "kernel" else (kernel, own))
        and module not in _PURE_LIBRARY
    }
    assert foreign == set()
    assert not [node for node in ast.walk(tree(path)) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]


def test_a_file_that_grows_too_long_becomes_a_folder() -> None:
    lengths = {path.as_posix(): len(read(path).splitlines()) for path in python_files("services", "deploy")}
    assert {path: lines for path, lines in lengths.items() if lines > _LONGEST_FILE} == {}


def test_package_files_are_empty() -> None:
    packages = [
        path for path in python_files("services", "deploy", "tests", "proto") if path.name == "__init__.py"
    ]
    assert packages
    assert [path.as_posix() for path in packages if read(path)] == []


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in python_files("services", "deploy")}
    assert [folder.as_posix() for folder in folders if not (ROOT / folder / "__init__.py").exists()] == []


def test_imports_are_absolute() -> None:
    relative = [
        f"{path}:{node.lineno}"
        for path in python_files("services", "deploy", "tests", "benchmarks", "proto")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_nothing_is_left_for_later_in_the_code() -> None:
    assert [path.as_posix() for path, text in texts() if _LEFT_BEHIND.search(text)] == []


def test_no_test_is_passed_over() -> None:
    assert [path.as_posix() for path in python_files("tests") if _NOT_RUN.search(read(path))] == []


def test_no_file_knows_a_machine_or_a_registry() -> None:
    own = [(path, text) for path, text in texts() if path.parts[:2] != ("tests", "data")]
    told = {
        path.as_posix(): match.group()
        for path, text in own
        for pattern in (_A_MACHINE, _A_REGISTRY)
        if (match := pattern.search(text))
    }
    assert told == {}
