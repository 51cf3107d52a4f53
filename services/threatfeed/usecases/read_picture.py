"""Gives the picture of one audience to those who belong to it."""

from dataclasses import dataclass, field

from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy, UnknownAudience
from services.kernel.refusals import NoAccess, Refusal, RefusalKind
from services.threatfeed.domain.picture import Picture

READERS = frozenset({Role.SECRETARIAT, Role.CHAIR, Role.OWNER, Role.LEADERSHIP, Role.AUDITOR})


class PictureMissing(Refusal):
    """No picture has been drawn of this audience yet, or this process has not read it yet."""

    kind = RefusalKind.UNAVAILABLE
    reason = "PICTURE_MISSING"


@dataclass(frozen=True, slots=True)
class LatestPictures:
    """The latest picture of each audience, as far as its topic has been read."""

    by_audience: dict[str, Picture] = field(default_factory=dict)


def read_picture(reader: Reader, audience: str, *, policy: Policy, pictures: LatestPictures) -> Picture:
    """Raises `NoAccess`, also for an audience that does not exist, `AudienceMalformed`, and
    `PictureMissing`.
    """
    try:
        found = policy.audience(audience)
    except UnknownAudience:
        raise NoAccess(f"audience {audience}") from None
    if reader.party != found.party or not policy.roles(reader, found.series) & READERS:
        raise NoAccess(f"audience {audience}")
    if (picture := pictures.by_audience.get(found.id)) is None:
        raise PictureMissing("there is no picture yet; try again shortly")
    return picture
