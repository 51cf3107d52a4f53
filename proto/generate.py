"""Generates the Python code of the contracts, and the page of topics.

python proto/generate.py            writes beside the .proto files and to docs/reference
python proto/generate.py --check    exits 1 when what is committed differs from what is generated
"""

import argparse
import filecmp
import shutil
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

import yaml
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent
PAGE = ROOT.parent / "docs" / "reference" / "topics.md"
GENERATED = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi", "__init__.py", "py.typed")


def generate_code(target: Path) -> None:
    sources = sorted(ROOT.glob("entente/**/*.proto"))
    arguments = [
        "protoc",
        f"-I{ROOT}",
        f"-I{files('grpc_tools') / '_proto'}",
        f"--python_out={target}",
        f"--mypy_out=quiet:{target}",
    ]
    services = [source for source in sources if "\nservice " in source.read_text()]
    plain = [str(source) for source in sources]
    if protoc.main([*arguments, *plain]) != 0:
        raise SystemExit("protoc refused the contracts")
    grpc_arguments = [f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}"]
    if protoc.main([*arguments[:3], *grpc_arguments, *[str(s) for s in services]]) != 0:
        raise SystemExit("protoc refused the services")
    for folder in {target / source.relative_to(ROOT).parent for source in sources}:
        for package in (folder, folder.parent, folder.parent.parent):
            (package / "__init__.py").touch()
            (package / "py.typed").touch()


def topics_page() -> str:
    catalogue = yaml.safe_load((ROOT / "topics.yaml").read_text())
    lines = [
        "# Topics",
        "",
        "Generated from `proto/topics.yaml` by `make proto`.",
        "",
        "| topic | key | partitions | kept | largest message | producers | consumers | value | access |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for topic in catalogue["topics"]:
        kept = topic["cleanup"] + (f", {topic['retention']}" if "retention" in topic else "")
        lines.append(
            f"| `{topic['name']}` | {topic['key']} | {topic['partitions']} | {kept} "
            f"| {topic['max_message_bytes'] // 1024} KiB | {', '.join(topic['producers'])} "
            f"| {', '.join(topic['consumers']) or 'nobody'} "
            f"| {', '.join([topic['message'], *topic.get('also', [])])} ({topic['content_type']}) "
            f"| {topic['access']} |"
        )
    return "\n".join([*lines, ""])


def generated_files(root: Path) -> set[Path]:
    entente = root / "entente"
    return {path.relative_to(root) for pattern in GENERATED for path in entente.rglob(pattern)}


def drift(fresh: Path) -> list[str]:
    differences = [str(path) for path in generated_files(fresh) ^ generated_files(ROOT)]
    differences += [
        str(path)
        for path in generated_files(fresh) & generated_files(ROOT)
        if not filecmp.cmp(fresh / path, ROOT / path, shallow=False)
    ]
    if not PAGE.exists() or PAGE.read_text() != topics_page():
        differences.append("docs/reference/topics.md")
    return sorted(differences)


def main() -> int:
    parser = argparse.ArgumentParser(description="Generate code from the contracts")
    parser.add_argument("--check", action="store_true", help="compare only")
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        check = parser.parse_args().check
        generate_code(fresh)
        if check:
            differences = drift(fresh)
            for difference in differences:
                print(f"differs from its source: {difference}", file=sys.stderr)
            return 1 if differences else 0
        for path in generated_files(ROOT):
            (ROOT / path).unlink()
        for path in generated_files(fresh):
            shutil.copyfile(fresh / path, ROOT / path)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(topics_page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
