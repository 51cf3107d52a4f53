"""Markings as they travel between services."""

from entente.exchange.v1 import marking_pb2

from services.kernel.markings.marking import Marking

_SYSTEM = "MARKING_SYSTEM_"


def decode_marking(message: marking_pb2.Marking) -> Marking | None:
    """None for an unmarked text. Raises `MarkingUnknown` or `MarkingMalformed`."""
    if not message.HasField("tlp") and not message.national:
        return None
    tlp = {"version": message.tlp.version, "label": message.tlp.label}
    return Marking.from_document(
        {
            "tlp": tlp if message.HasField("tlp") else None,
            "national": [_national(entry) for entry in message.national],
            "originators": list(message.originators),
            "original_text": message.original_text or None,
        }
    )


def _national(entry: marking_pb2.NationalMarking) -> dict[str, object]:
    system = marking_pb2.MarkingSystem.Name(entry.system).removeprefix(_SYSTEM)
    return {
        "system": system,
        "level": entry.level,
        "prefix": entry.prefix or None,
        "handling_instructions": list(entry.handling_instructions),
        "descriptors": list(entry.descriptors),
        "codewords": list(entry.codewords),
        "national_caveats": list(entry.national_caveats),
        "rel_to": list(entry.rel_to),
        "display_only": list(entry.display_only),
        "dissem_controls": list(entry.dissem_controls),
        "embargo_until": entry.embargo_until or None,
    }
