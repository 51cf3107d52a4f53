"""`export`: files of what an official may read."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

import typer

from services.cli.clients.rest import Desk, open_client
from services.cli.commands.people import AccountOption
from services.cli.commands.running import run
from services.cli.commands.systems import StateOption
from services.cli.failures import CommandFailed
from services.cli.layout import folders
from services.cli.record import Access


class Form(StrEnum):
    STIX = "stix"
    CSV = "csv"
    JSONL = "jsonl"


def export(
    folder: Annotated[Path, typer.Argument(help="Where the files are written; it must not hold one of them")],
    form: Annotated[Form, typer.Option("--format", help="stix, csv or jsonl")] = Form.STIX,
    words: Annotated[str, typer.Option(help="As for a web search")] = "",
    theme: Annotated[list[str] | None, typer.Option(help="Only this theme; may be repeated")] = None,
    agency: Annotated[list[str] | None, typer.Option(help="Only this agency; may be repeated")] = None,
    sector: Annotated[list[str] | None, typer.Option(help="Only this sector; may be repeated")] = None,
    name: AccountOption = "fcdo-secretariat",
    state: StateOption = None,
) -> None:
    """Write what an account may read, at most 1,000 assessments a file, each file under its own marking."""

    async def work() -> int:
        folder.mkdir(parents=True, exist_ok=True)
        query: dict[str, str | int | list[str]] = {
            "words": words,
            "theme": theme or [],
            "agency": agency or [],
            "sector": sector or [],
        }
        async with open_client() as client:
            desk = Desk(Access.find(folders(state)), name, client)
            number, token = 1, ""
            while True:
                path = folder / f"assessments-{number:04}.{form.value}"
                if path.exists():
                    raise CommandFailed(f"{path} is there already")
                part = path.with_name(f"{path.name}.part")
                # Whoever reads the file reads what is marked: nobody else on the machine does.
                part.touch(mode=0o600)
                with part.open("wb") as target:
                    source = f"/v1/exports/assessments.{form.value}"
                    headers = await desk.download("threatfeed", source, target, **query, page_token=token)
                part.rename(path)
                marking = unquote(headers["entente-marking"]) or "nothing in it"
                print(f"{path}  {headers['entente-assessments']} assessments  {marking}")
                number, token = number + 1, headers.get("entente-next-page-token", "")
                if not token:
                    return 0

    run(work)
