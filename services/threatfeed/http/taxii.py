"""TAXII 2.1 (OASIS): collections that existing tools read, one for each audience of the caller.

Nothing is written over it. It answers in version 2.1 whatever is asked for, and refuses as all of REST does.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime, BaseModel, Field

from services.kernel.parties import Reader
from services.kernel.refusals import NoAccess
from services.threatfeed.domain.collections import (
    Collection,
    Match,
    Place,
    Wanted,
    collection_of,
    collections_of,
    objects_asked,
    version_of,
)
from services.threatfeed.domain.paging import number_token, read_number_token
from services.threatfeed.http.assessments import Caller
from services.threatfeed.usecases.read_collection import Entry, Envelope, read_collection

MEDIA_TYPE = "application/taxii+json;version=2.1"
STIX = "application/stix+json;version=2.1"
_ROOT = "/taxii2/threatfeed/"


class TaxiiResponse(JSONResponse):
    media_type = MEDIA_TYPE


class Discovery(BaseModel):
    title: str = "Entente"
    description: str = "Threat assessments, each as its reader's party may have it"
    default: str = _ROOT
    api_roots: list[str] = [_ROOT]


class ApiRoot(BaseModel):
    title: str = "threatfeed"
    description: str = "What the caller's audiences may read"
    versions: list[str] = [MEDIA_TYPE]
    max_content_length: int = Field(1, description="Nothing is taken in over TAXII")


class CollectionView(BaseModel):
    id: UUID
    title: str = Field(description="The audience: series and party")
    can_read: bool = True
    can_write: bool = False
    media_types: list[str] = [STIX]

    @classmethod
    def of(cls, collection: Collection) -> "CollectionView":
        return cls(id=collection.collection_id, title=collection.audience.id)


class Collections(BaseModel):
    collections: list[CollectionView]


class EnvelopeView(BaseModel):
    more: bool
    next: str | None = None
    objects: list[dict[str, Any]] = Field(description="STIX 2.1")


class ManifestRecord(BaseModel):
    id: str
    date_added: str
    version: str
    media_type: str = STIX


class ManifestView(BaseModel):
    more: bool
    next: str | None = None
    objects: list[ManifestRecord]


class VersionsView(BaseModel):
    more: bool
    next: str | None = None
    versions: list[str]


@dataclass(frozen=True, slots=True)
class Paging:
    """What any list of objects can be asked for."""

    added_after: datetime | None
    limit: int | None
    next: str


def paging(
    added_after: AwareDatetime | None = None,
    limit: Annotated[int | None, Query(description="100 unless told; at most 1,000 are given")] = None,
    next: Annotated[str, Query(max_length=1_000)] = "",  # noqa: A002 the name is the standard's
) -> Paging:
    return Paging(added_after, limit, next)


def filters(
    ids: Annotated[str, Query(alias="match[id]")] = "",
    types: Annotated[str, Query(alias="match[type]")] = "",
    versions: Annotated[str, Query(alias="match[version]")] = "",
    spec_versions: Annotated[str, Query(alias="match[spec_version]")] = "",
) -> Match:
    return Match.of(ids, types, versions, spec_versions)


Asked = Annotated[Paging, Depends(paging)]
Filter = Annotated[Match, Depends(filters)]


def routes() -> APIRouter:
    router = APIRouter(prefix="/taxii2", tags=["TAXII 2.1"], default_response_class=TaxiiResponse)

    @router.get("/")
    async def discover(caller: Caller) -> Discovery:  # noqa: ARG001 who may is all that is asked
        return Discovery()

    @router.get("/threatfeed/")
    async def get_root(caller: Caller) -> ApiRoot:  # noqa: ARG001 who may is all that is asked
        return ApiRoot()

    @router.get("/threatfeed/collections/")
    async def list_collections(request: Request, caller: Caller) -> Collections:
        reader = Reader.from_claims(caller.subject, caller.claims)
        found = collections_of(reader, request.app.state.policy)
        return Collections(collections=[CollectionView.of(one) for one in found])

    @router.get("/threatfeed/collections/{collection_id}/")
    async def get_collection(request: Request, collection_id: UUID, caller: Caller) -> CollectionView:
        reader = Reader.from_claims(caller.subject, caller.claims)
        return CollectionView.of(collection_of(reader, collection_id, request.app.state.policy))

    @router.get("/threatfeed/collections/{collection_id}/objects/", response_model_exclude_none=True)
    async def list_objects(
        request: Request,
        response: Response,
        collection_id: UUID,
        caller: Caller,
        asked: Asked,
        match: Filter,
    ) -> EnvelopeView:
        reader = Reader.from_claims(caller.subject, caller.claims)
        found, following = await _read(request, response, reader, collection_id, asked, match)
        objects = [entry.content for entry in found.entries]
        return EnvelopeView(more=following is not None, next=following, objects=objects)

    @router.get(
        "/threatfeed/collections/{collection_id}/objects/{object_id}/", response_model_exclude_none=True
    )
    async def get_object(
        request: Request,
        response: Response,
        collection_id: UUID,
        object_id: str,
        caller: Caller,
        asked: Asked,
        match: Filter,
    ) -> EnvelopeView:
        reader = Reader.from_claims(caller.subject, caller.claims)
        one = _of_object(object_id, match)
        found, following = await _read(request, response, reader, collection_id, asked, one)
        _require_any(found, object_id)
        objects = [entry.content for entry in found.entries]
        return EnvelopeView(more=following is not None, next=following, objects=objects)

    @router.get(
        "/threatfeed/collections/{collection_id}/objects/{object_id}/versions/",
        response_model_exclude_none=True,
    )
    async def list_versions(
        request: Request,
        response: Response,
        collection_id: UUID,
        object_id: str,
        caller: Caller,
        asked: Asked,
    ) -> VersionsView:
        reader = Reader.from_claims(caller.subject, caller.claims)
        one = _of_object(object_id, Match())
        found, following = await _read(request, response, reader, collection_id, asked, one)
        _require_any(found, object_id)
        versions = [version_of(entry.content) for entry in found.entries]
        return VersionsView(more=following is not None, next=following, versions=versions)

    @router.get("/threatfeed/collections/{collection_id}/manifest/", response_model_exclude_none=True)
    async def get_manifest(
        request: Request,
        response: Response,
        collection_id: UUID,
        caller: Caller,
        asked: Asked,
        match: Filter,
    ) -> ManifestView:
        reader = Reader.from_claims(caller.subject, caller.claims)
        found, following = await _read(request, response, reader, collection_id, asked, match)
        records = [
            ManifestRecord(
                id=entry.content["id"], date_added=_time(entry.added), version=version_of(entry.content)
            )
            for entry in found.entries
        ]
        return ManifestView(more=following is not None, next=following, objects=records)

    return router


async def _read(
    request: Request, response: Response, reader: Reader, collection_id: UUID, asked: Paging, match: Match
) -> tuple[Envelope, str | None]:
    state = request.app.state
    question = _question(reader, collection_id, asked, match)
    wanted = Wanted(
        match=match,
        added_after=asked.added_after,
        start=Place.of(read_number_token(asked.next, question)),
        limit=objects_asked(asked.limit),
    )
    found = await read_collection(
        state.database, reader, collection_id, wanted, policy=state.policy, at=state.clock()
    )
    _say_when(response, found.entries)
    following = found.following
    return found, None if following is None else number_token(following.number, question)


def _question(reader: Reader, collection_id: UUID, asked: Paging, match: Match) -> str:
    lists = [sorted(one) for one in (match.ids, match.types, match.versions, match.spec_versions)]
    after = "" if asked.added_after is None else asked.added_after.isoformat()
    return f"{reader.subject}|taxii|{collection_id}|{after}|{lists}"


def _say_when(response: Response, entries: list[Entry]) -> None:
    if entries:
        response.headers["X-TAXII-Date-Added-First"] = _time(entries[0].added)
        response.headers["X-TAXII-Date-Added-Last"] = _time(entries[-1].added)


def _of_object(object_id: str, match: Match) -> Match:
    if "," in object_id:
        raise NoAccess("that object")
    return Match.of(object_id, "", ",".join(sorted(match.versions)), ",".join(sorted(match.spec_versions)))


def _require_any(found: Envelope, object_id: str) -> None:
    if not found.entries and found.following is None:
        raise NoAccess(f"object {object_id}")


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
