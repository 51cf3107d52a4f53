"""Who leads the work on an action for each party that owns it: a post, which all parties read, and the id
under which whoever holds it signs in, which stays on its own side.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.actions.domain.texts import LONGEST_TITLE, plain
from services.kernel.parties import Reader
from services.kernel.refusals import InvalidValue

LONGEST_SUBJECT = 100
_SUBJECT = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._:|-]{{0,{LONGEST_SUBJECT - 1}}}")


@dataclass(frozen=True, slots=True)
class LeadOfficial:
    """A post of an accountable organisation. `subject` is empty where nobody is named, or for other sides."""

    party: str
    organisation: str
    post: str
    subject: str = ""


Leads = tuple[LeadOfficial, ...]
"""At most one a party, in the order of the parties."""


def named(leads: Leads, post: str, subject: str, by: Reader) -> Leads:
    """The leads with that of one party named anew; without it where neither post nor subject is given.

    An address is no id: it would be a person's private data. Raises `InvalidValue`.
    """
    words = " ".join(plain(post, "/post", LONGEST_TITLE, required=bool(subject)).split())
    if subject and not _SUBJECT.fullmatch(subject):
        raise InvalidValue("a subject is the id of an account, not an address", pointer="/subject")
    others = [lead for lead in leads if lead.party != by.party]
    if words:
        others.append(LeadOfficial(by.party, by.organisation, words, subject))
    return tuple(sorted(others, key=lambda lead: lead.party))


def shown_to(leads: Sequence[LeadOfficial], party: str | None) -> Leads:
    """The leads as one party may see them; as all may where it is None."""
    return tuple(lead if lead.party == party else replace(lead, subject="") for lead in leads)
