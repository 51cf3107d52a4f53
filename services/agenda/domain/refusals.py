"""What a dialogue's agenda refuses, and under which code."""

from collections.abc import Mapping, Sequence

from services.kernel.refusals import Refusal, RefusalKind


class IllegalTransition(Refusal):
    """The state of what is to be changed does not allow it."""

    kind = RefusalKind.CONFLICT
    reason = "ILLEGAL_TRANSITION"


class StaleVersion(Refusal):
    """Somebody changed it since the caller read it; `changes` says what, oldest first, and `current` what the
    caller would have written as it now is.
    """

    kind = RefusalKind.STALE
    reason = "STALE_VERSION"

    def __init__(
        self,
        detail: str,
        *,
        changes: Sequence[Mapping[str, object]] = (),
        current: Mapping[str, object] | None = None,
        **metadata: str,
    ) -> None:
        super().__init__(detail, **metadata)
        self.changes = changes
        self.current = current

    def members(self) -> Mapping[str, object]:
        told: dict[str, object] = {**super().members()}
        if self.changes:
            told["changes"] = list(self.changes)
        if self.current:
            told["current"] = dict(self.current)
        return told


class MeetingInThePast(Refusal):
    """A meeting is planned ahead."""

    kind = RefusalKind.INVALID
    reason = "MEETING_IN_THE_PAST"


class MeetingEndsBeforeItStarts(Refusal):
    """The end of a meeting lies before its start."""

    kind = RefusalKind.INVALID
    reason = "MEETING_ENDS_BEFORE_IT_STARTS"


class EditionInvalid(Refusal):
    """The edition is none that the series can have."""

    kind = RefusalKind.INVALID
    reason = "EDITION_INVALID"


class UnknownParty(Refusal):
    """No party of that id exists."""

    kind = RefusalKind.INVALID
    reason = "UNKNOWN_PARTY"


class NotAParty(Refusal):
    """The party exists and takes no part in the series."""

    kind = RefusalKind.INVALID
    reason = "NOT_A_PARTY"


class UnknownTheme(Refusal):
    """No theme of that name in the policy."""

    kind = RefusalKind.INVALID
    reason = "UNKNOWN_THEME"


class OrganisationOfAnotherParty(Refusal):
    """The organisation does not belong to the party."""

    kind = RefusalKind.INVALID
    reason = "ORGANISATION_OF_ANOTHER_PARTY"


class MeetingExists(Refusal):
    """One meeting an edition of a series."""

    kind = RefusalKind.ALREADY_EXISTS
    reason = "MEETING_EXISTS"


class MeetingHasBegun(Refusal):
    """What is prepared for a meeting cannot be changed once it has begun."""

    kind = RefusalKind.CONFLICT
    reason = "MEETING_HAS_BEGUN"


class MeetingNotHeld(Refusal):
    """Outcomes are recorded after the meeting."""

    kind = RefusalKind.CONFLICT
    reason = "MEETING_NOT_HELD"


class DraftExists(Refusal):
    """One draft a party and meeting."""

    kind = RefusalKind.ALREADY_EXISTS
    reason = "DRAFT_EXISTS"


class UnknownItem(Refusal):
    """No such item on the agenda."""

    kind = RefusalKind.NOT_FOUND
    reason = "UNKNOWN_ITEM"


class PositionOutOfRange(Refusal):
    """The agenda has no such position."""

    kind = RefusalKind.INVALID
    reason = "POSITION_OUT_OF_RANGE"


class StandingItemKept(Refusal):
    """The series' standing items stay on every agenda."""

    kind = RefusalKind.CONFLICT
    reason = "STANDING_ITEM_KEPT"


class ProposalInDraft(Refusal):
    """A draft still holds the item that was made of the proposal."""

    kind = RefusalKind.CONFLICT
    reason = "PROPOSAL_IN_DRAFT"


class SameSeries(Refusal):
    """A proposal is forwarded to another series than its own."""

    kind = RefusalKind.INVALID
    reason = "SAME_SERIES"


class SameMeeting(Refusal):
    """An item is forwarded to another meeting than its own."""

    kind = RefusalKind.INVALID
    reason = "SAME_MEETING"


class ItemNotPutOff(Refusal):
    """Only what a meeting deferred or did not reach goes on from its agenda."""

    kind = RefusalKind.CONFLICT
    reason = "ITEM_NOT_PUT_OFF"


class AlreadyForwarded(Refusal):
    """The party has a proposal of the item for that meeting."""

    kind = RefusalKind.ALREADY_EXISTS
    reason = "ALREADY_FORWARDED"


class OfAnotherEdition(Refusal):
    """The proposal names another edition than that of the draft."""

    kind = RefusalKind.CONFLICT
    reason = "OF_ANOTHER_EDITION"


class ReferenceTwice(Refusal):
    """One item refers to the same revision twice."""

    kind = RefusalKind.INVALID
    reason = "REFERENCE_TWICE"


class ReferenceNotReleasable(Refusal):
    """A party of the series may not have the text in that revision, rendition and mode."""

    kind = RefusalKind.CONFLICT
    reason = "REFERENCE_NOT_RELEASABLE"


class ReferenceStale(Refusal):
    """The revision is no longer current, or the assessment was withdrawn."""

    kind = RefusalKind.CONFLICT
    reason = "REFERENCE_STALE"


class MarkingTooLow(Refusal):
    """A whole would grant more than its most restricted part."""

    kind = RefusalKind.INVALID
    reason = "MARKING_TOO_LOW"


class AboveCeiling(Refusal):
    """The marking is above what the meetings of the series may discuss."""

    kind = RefusalKind.INVALID
    reason = "ABOVE_CEILING"


class MarkingNotForAllParties(Refusal):
    """What is joint cannot be kept from one of the parties."""

    kind = RefusalKind.INVALID
    reason = "MARKING_NOT_FOR_ALL_PARTIES"


class StaleContentHash(Refusal):
    """The text agreed to is not the text on the table."""

    kind = RefusalKind.CONFLICT
    reason = "STALE_CONTENT_HASH"


class NotInQuorum(Refusal):
    """The official is none of those who agree for the party."""

    kind = RefusalKind.FORBIDDEN
    reason = "NOT_IN_QUORUM"


class AnswersOwnVersion(Refusal):
    """A party does not answer the version that it tabled itself."""

    kind = RefusalKind.CONFLICT
    reason = "ANSWERS_OWN_VERSION"


class AnswerTwice(Refusal):
    """One item has two answers in one request."""

    kind = RefusalKind.INVALID
    reason = "ANSWER_TWICE"


class ProposalMissing(Refusal):
    """An amendment proposes a change, and no other answer does."""

    kind = RefusalKind.INVALID
    reason = "PROPOSAL_MISSING"


class ItemsOpen(Refusal):
    """A party has not accepted every item of the agenda."""

    kind = RefusalKind.CONFLICT
    reason = "ITEMS_OPEN"


class OfAnotherMeeting(Refusal):
    """The two are not of one meeting."""

    kind = RefusalKind.INVALID
    reason = "OF_ANOTHER_MEETING"


class ClearanceOpen(Refusal):
    """A body of the own party that was asked about an item has not answered."""

    kind = RefusalKind.CONFLICT
    reason = "CLEARANCE_OPEN"


class ClearanceRefused(Refusal):
    """A body of the own party refused to clear an item."""

    kind = RefusalKind.CONFLICT
    reason = "CLEARANCE_REFUSED"


class ClearanceOutdated(Refusal):
    """An item was rewritten after it was cleared."""

    kind = RefusalKind.CONFLICT
    reason = "CLEARANCE_OUTDATED"


class ClearanceOfItself(Refusal):
    """An organisation asks itself to clear its words."""

    kind = RefusalKind.INVALID
    reason = "CLEARANCE_OF_ITSELF"


class ClearanceDueWrong(Refusal):
    """A clearance is due in the past, or not before the meeting."""

    kind = RefusalKind.INVALID
    reason = "CLEARANCE_DUE_WRONG"


class ReservedItemHasContent(Refusal):
    """A reserved item is a placeholder: what it is about is nowhere in it."""

    kind = RefusalKind.INVALID
    reason = "RESERVED_ITEM_HAS_CONTENT"


class AgendaNotAgreed(Refusal):
    """The agenda has not been agreed by every party."""

    kind = RefusalKind.CONFLICT
    reason = "AGENDA_NOT_AGREED"


class DueDateBeforeMeeting(Refusal):
    """An action would be due before the meeting that agrees on it."""

    kind = RefusalKind.INVALID
    reason = "DUE_DATE_BEFORE_MEETING"


class ExpectedEvidenceWrong(Refusal):
    """Evidence is expected of an owning party, or of any, by a day after the meeting."""

    kind = RefusalKind.INVALID
    reason = "EXPECTED_EVIDENCE_WRONG"


class AccountableOwnerWrong(Refusal):
    """Each responsible party has exactly one accountable organisation."""

    kind = RefusalKind.INVALID
    reason = "ACCOUNTABLE_OWNER_WRONG"


class ActionTextIncomplete(Refusal):
    """An action needs its text, an accountable owner, a due or review date, and guidance."""

    kind = RefusalKind.INVALID
    reason = "ACTION_TEXT_INCOMPLETE"


class ReviewDateWrong(Refusal):
    """A day of review belongs to actions under a standing commitment, instead of a due date."""

    kind = RefusalKind.INVALID
    reason = "REVIEW_DATE_WRONG"


class OutcomePartMissing(Refusal):
    """An outcome of this kind needs a part that is not there."""

    kind = RefusalKind.INVALID
    reason = "OUTCOME_PART_MISSING"


class OutcomePartRefused(Refusal):
    """An outcome of this kind cannot have a part that is there."""

    kind = RefusalKind.INVALID
    reason = "OUTCOME_PART_REFUSED"


class DeferredToThePast(Refusal):
    """An item is deferred to an edition after the one that defers it."""

    kind = RefusalKind.INVALID
    reason = "DEFERRED_TO_THE_PAST"


class AddresseeWrong(Refusal):
    """Guidance names each of its addressees once."""

    kind = RefusalKind.INVALID
    reason = "ADDRESSEE_WRONG"


class LegalClearanceMissing(Refusal):
    """The series asks for a party's own legal clearance before its quorum may sign."""

    kind = RefusalKind.CONFLICT
    reason = "LEGAL_CLEARANCE_MISSING"


class NotTheLegalAdviser(Refusal):
    """The official's organisation is none that gives its party legal clearance in the series."""

    kind = RefusalKind.FORBIDDEN
    reason = "NOT_THE_LEGAL_ADVISER"
