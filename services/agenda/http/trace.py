"""The route along the thread."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.agenda.domain.permissions import Command
from services.agenda.http.fields import ThreadPath
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.usecases.trace_thread import trace_thread
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1/trace", tags=["trace"])

Tracer = Annotated[Principal, Depends(permit_command(Command.TRACE))]


class NodeModel(BaseModel):
    kind: str
    id: str
    label: str
    state: str
    at: datetime | None


class ThreadModel(BaseModel):
    nodes: list[NodeModel]
    missing_peers: list[str]


@router.get("/{wanted}")
async def trace(principal: Tracer, wanted: ThreadPath, parts: Parts) -> ThreadModel:
    thread = await trace_thread(reader_of(principal), wanted, tracing=parts.tracing())
    return ThreadModel(
        nodes=[
            NodeModel(kind=node.kind.value, id=node.id, label=node.label, state=node.state, at=node.at)
            for node in thread.nodes
        ],
        missing_peers=list(thread.missing_peers),
    )
