"""Encoders of pictures, as the records of an audience's topic."""

from hashlib import sha256

from google.protobuf.json_format import MessageToDict

from services.chassis.envelope import Event
from services.kernel.canonical import canonical_json
from services.kernel.identifiers import EVENTS, derived_id
from services.threatfeed.domain.picture import Picture, start_of
from services.threatfeed.events import SOURCE, encode_picture

PICTURE = "entente.threatfeed.v1.Picture"


def picture_event(picture: Picture) -> Event:
    """The event of a picture: everything in it follows from the picture, so that it tells nothing more."""
    value = picture_bytes(picture)
    return Event(
        id=derived_id(EVENTS, PICTURE, picture.audience, sha256(value).hexdigest()),
        source=SOURCE,
        type=PICTURE,
        subject=picture.audience,
        time=start_of(picture.as_of),
        data=value,
        content_type="application/json",
    )


def picture_bytes(picture: Picture) -> bytes:
    """The one canonical form (RFC 8785 over proto JSON), zeros included."""
    document = MessageToDict(encode_picture(picture), always_print_fields_with_no_presence=True)
    return canonical_json(document)
