"""Why a submission, or one assessment in it, is refused. The reasons are stable: agencies match on them."""

from services.kernel.refusals import Refusal, RefusalKind


class SubmissionRefusal(Refusal):
    """A fault of the whole submission: nothing in it could be read."""

    kind = RefusalKind.INVALID


class NullRecord(SubmissionRefusal):
    """A record without a value. A tombstone withdraws nothing: withdrawal is a notice with a reason."""

    reason = "NULL_RECORD"


class SubmissionTooLarge(SubmissionRefusal):
    """More than 4 MiB."""

    kind = RefusalKind.TOO_LARGE
    reason = "SUBMISSION_TOO_LARGE"


class NotUtf8(SubmissionRefusal):
    """The bytes are not UTF-8."""

    reason = "NOT_UTF8"


class JsonMalformed(SubmissionRefusal):
    """The text is not JSON (RFC 8259)."""

    reason = "JSON_MALFORMED"


class JsonTruncated(SubmissionRefusal):
    """The text ends inside a JSON value."""

    reason = "JSON_TRUNCATED"


class JsonNumberInvalid(SubmissionRefusal):
    """NaN, an infinity, or a number outside what JSON readers agree on (RFC 8259, section 6)."""

    reason = "JSON_NUMBER_INVALID"


class JsonDuplicateKey(SubmissionRefusal):
    """One name twice in an object: two readers could see two different markings."""

    reason = "JSON_DUPLICATE_KEY"


class JsonTooDeep(SubmissionRefusal):
    """Nested deeper than 64 levels."""

    reason = "JSON_TOO_DEEP"


class JsonCharacterInvalid(SubmissionRefusal):
    """An escaped U+0000 or an unpaired surrogate: legal in JSON, not storable as text."""

    reason = "JSON_CHARACTER_INVALID"


class ContentTypeUnknown(SubmissionRefusal):
    """The declared content type is none of the accepted ones."""

    kind = RefusalKind.UNSUPPORTED
    reason = "CONTENT_TYPE_UNKNOWN"


class ContentTypeMismatch(SubmissionRefusal):
    """The declared content type is not what the bytes hold."""

    reason = "CONTENT_TYPE_MISMATCH"


class FormatUnrecognised(SubmissionRefusal):
    """JSON without a telling content type and in none of the accepted formats."""

    kind = RefusalKind.UNSUPPORTED
    reason = "FORMAT_UNRECOGNISED"


class SignatureMissing(SubmissionRefusal):
    """The policy asks the agency for a signature."""

    reason = "SIGNATURE_MISSING"


class SignatureMalformed(SubmissionRefusal):
    """Not one detached JWS whose protected header is as the reference of the header says."""

    reason = "SIGNATURE_MALFORMED"


class SignatureOfOther(SubmissionRefusal):
    """A signature made for another agency or another topic."""

    kind = RefusalKind.FORBIDDEN
    reason = "SIGNATURE_OF_OTHER"


class SignatureKeyUnknown(SubmissionRefusal):
    """A key that the policy does not register for the agency."""

    kind = RefusalKind.FORBIDDEN
    reason = "SIGNATURE_KEY_UNKNOWN"


class SignatureKeyExpired(SubmissionRefusal):
    """A key that was not yet, or is no longer, good when the submission was taken in."""

    kind = RefusalKind.FORBIDDEN
    reason = "SIGNATURE_KEY_EXPIRED"


class SignatureInvalid(SubmissionRefusal):
    """The bytes are not those that were signed."""

    kind = RefusalKind.FORBIDDEN
    reason = "SIGNATURE_INVALID"


class BundleMalformed(SubmissionRefusal):
    """STIX that is not a bundle with a list of STIX objects."""

    reason = "BUNDLE_MALFORMED"


class StixVersionUnsupported(SubmissionRefusal):
    """A bundle of another STIX version than 2.0 and 2.1."""

    kind = RefusalKind.UNSUPPORTED
    reason = "STIX_VERSION_UNSUPPORTED"


class NoReportInBundle(SubmissionRefusal):
    """A bundle without a report: groups, indicators or courses of action alone are no assessment."""

    reason = "NO_REPORT_IN_BUNDLE"


class EventsMalformed(SubmissionRefusal):
    """What should be MISP events, or a list of them, is something else."""

    reason = "EVENTS_MALFORMED"


class NoEvent(SubmissionRefusal):
    """MISP without any event."""

    reason = "NO_EVENT"


class CatalogueMalformed(SubmissionRefusal):
    """A vulnerability catalogue whose frame cannot be trusted, so that no entry counts as gone."""

    reason = "CATALOGUE_MALFORMED"


class TooManyAssessments(SubmissionRefusal):
    """More assessments than one submission may hold."""

    kind = RefusalKind.TOO_LARGE
    reason = "TOO_MANY_ASSESSMENTS"


class AssessmentRefusal(Refusal):
    """A fault of one assessment: its neighbours in the submission stand."""

    kind = RefusalKind.INVALID


class FieldMissing(AssessmentRefusal):
    """A member is missing that the format requires."""

    reason = "FIELD_MISSING"


class FieldUnknown(AssessmentRefusal):
    """A member that the format does not have: a misspelt marking must not pass for a missing one."""

    reason = "FIELD_UNKNOWN"


class FieldTooLong(AssessmentRefusal):
    """A text or a list is longer than is accepted."""

    kind = RefusalKind.TOO_LARGE
    reason = "FIELD_TOO_LONG"


class FieldInvalid(AssessmentRefusal):
    """A member has a value that its format does not allow."""

    reason = "FIELD_INVALID"


class TimestampInvalid(AssessmentRefusal):
    """A time that no calendar or clock holds, or without its offset."""

    reason = "TIMESTAMP_INVALID"


class PeriodInvalid(AssessmentRefusal):
    """A period that ends before it starts."""

    reason = "PERIOD_INVALID"


class JudgementRepeated(AssessmentRefusal):
    """Two judgements under one id: a reference to that id would be ambiguous."""

    reason = "JUDGEMENT_REPEATED"


class PayloadClaimsOtherAgency(AssessmentRefusal):
    """The originator is the agency of the topic, never what the payload claims."""

    kind = RefusalKind.FORBIDDEN
    reason = "PAYLOAD_CLAIMS_OTHER_AGENCY"


class SourceDenied(AssessmentRefusal):
    """The operators of this deployment do not take in the source; `denial` numbers their decision."""

    kind = RefusalKind.FORBIDDEN
    reason = "SOURCE_DENIED"


class EventUnpublished(AssessmentRefusal):
    """A MISP event that its producer has not published."""

    reason = "EVENT_UNPUBLISHED"


class DocumentIsDraft(AssessmentRefusal):
    """A CSAF document with the status draft."""

    reason = "DOCUMENT_IS_DRAFT"


class CsafVersionUnsupported(AssessmentRefusal):
    """A CSAF document of another edition than 2.0 and 2.1."""

    kind = RefusalKind.UNSUPPORTED
    reason = "CSAF_VERSION_UNSUPPORTED"


class CsafTestFailed(AssessmentRefusal):
    """A CSAF document that fails a mandatory test of the standard (section 6.1); `test` names it."""

    reason = "CSAF_TEST_FAILED"

    @classmethod
    def of(cls, test: str, detail: str, pointer: str) -> "CsafTestFailed":
        """The refusal for a test by its number in the standard."""
        return cls(f"test {test}: {detail}", pointer=pointer, test=test)


class RevisionConflict(AssessmentRefusal):
    """A version that is held with other content. What was recorded first stays."""

    kind = RefusalKind.CONFLICT
    reason = "REVISION_CONFLICT"


class VersionSchemeChanged(AssessmentRefusal):
    """Versions of one assessment counted in two ways, so that no order holds between them."""

    kind = RefusalKind.CONFLICT
    reason = "VERSION_SCHEME_CHANGED"
