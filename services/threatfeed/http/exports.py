"""Files of assessments for a reader to take away, and how many there are of each subject."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from services.kernel.parties import Reader
from services.threatfeed.domain.exports import MOST_EXPORTED, ExportFormat, export_size
from services.threatfeed.domain.paging import page_token, read_page_token
from services.threatfeed.http.assessments import Caller, Conditions
from services.threatfeed.usecases.export_assessments import Export, export_assessments

MARKING_HEADER = "Entente-Marking"
COUNT_HEADER = "Entente-Assessments"
NEXT_HEADER = "Entente-Next-Page-Token"
_PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")
_SCHEMAS = {
    ExportFormat.STIX: {"type": "object", "description": "A STIX 2.1 bundle"},
    ExportFormat.CSV: {"type": "string", "format": "binary"},
    ExportFormat.JSONL: {"type": "string", "format": "binary"},
}
_RESPONSES = {
    200: {
        "description": f"A file of at most {MOST_EXPORTED} assessments, streamed",
        "headers": {
            MARKING_HEADER: {
                "description": "Of the whole, never lower than of a part; percent-encoded outside of ASCII",
                "schema": {"type": "string"},
            },
            COUNT_HEADER: {"description": "How many are in it", "schema": {"type": "integer"}},
            NEXT_HEADER: {
                "description": "For the file that follows; absent where there is no more",
                "schema": {"type": "string"},
            },
        },
        "content": {form.media_type: {"schema": _SCHEMAS[form]} for form in ExportFormat},
    }
}


class ExportQuery(Conditions):
    page_size: Annotated[int, Field(ge=0, description="0 for 1,000, of which none holds more")] = 0
    page_token: Annotated[str, Field(max_length=1_000)] = ""


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["assessments"])

    @router.get("/exports/assessments.{form}", response_class=StreamingResponse, responses=_RESPONSES)  # type: ignore[arg-type]
    async def export(
        request: Request, form: ExportFormat, caller: Caller, query: Annotated[ExportQuery, Query()]
    ) -> StreamingResponse:
        """What the list would give, as STIX 2.1, CSV or JSON lines."""
        state, search = request.app.state, query.search()
        reader = Reader.from_claims(caller.subject, caller.claims)
        asked = f"{reader.subject}|{search.question()}"
        made = await export_assessments(
            state.database,
            reader,
            search,
            form,
            after=read_page_token(query.page_token, asked),
            size=export_size(query.page_size),
            policy=state.policy,
            clock=state.clock,
        )
        return StreamingResponse(
            made.chunks(), media_type=form.media_type, headers=_headers(made, form, asked)
        )

    return router


def _headers(made: Export, form: ExportFormat, asked: str) -> dict[str, str]:
    headers = {
        "Content-Disposition": f'attachment; filename="assessments.{form.value}"',
        MARKING_HEADER: quote(made.manifest.banner, safe=_PRINTABLE),
        COUNT_HEADER: str(len(made.manifest.members)),
    }
    if made.following is not None:
        headers[NEXT_HEADER] = page_token(made.following, asked)
    return headers
