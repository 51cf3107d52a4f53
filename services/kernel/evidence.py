"""What can show that something was done."""

from enum import StrEnum


class EvidenceKind(StrEnum):
    """The types of evidence that public auditors tell apart (INTOSAI, ISSAI 3000)."""

    DOCUMENTARY = "DOCUMENTARY"
    PHYSICAL = "PHYSICAL"
    TESTIMONIAL = "TESTIMONIAL"
    ANALYTICAL = "ANALYTICAL"
