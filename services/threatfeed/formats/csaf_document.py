"""The members of a CSAF 2.0 or 2.1 document that an assessment is read from, or that its tests look at.

Types and bounds only; what they mean is read in `csaf.py` and tested in `csaf_tests.py`.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from services.threatfeed.domain import limits
from services.threatfeed.formats.csaf_versions import CSAF_VERSION
from services.threatfeed.formats.narrative_model import Language, Line, Title

_T = TypeVar("_T")

_CVE = r"^CVE-[0-9]{4}-[0-9]{4,19}$"

Number: TypeAlias = Annotated[str, Field(max_length=200, pattern=CSAF_VERSION)]
Instant: TypeAlias = Annotated[str, Field(max_length=40)]
Words: TypeAlias = Annotated[str, Field(max_length=limits.TEXT_LENGTH)]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=limits.TITLE_LENGTH)]

Many: TypeAlias = Annotated[list[_T], Field(fail_fast=True, max_length=limits.PARTS)]


class CsafPart(BaseModel):
    """A part of a document; what it does not name is not read."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class CsafNote(CsafPart):
    """A text of the document or of one vulnerability."""

    category: Name
    text: Words
    title: Words | None = None


class CsafTlp(CsafPart):
    """The label: TLP 1.0 in CSAF 2.0, TLP 2.0 in CSAF 2.1."""

    label: Name


class CsafSharingGroup(CsafPart):
    """Those whom a document of CSAF 2.1 is meant for."""

    id: Name
    name: Line | None = None


class CsafDistribution(CsafPart):
    """How a document may be passed on."""

    text: Annotated[str, Field(max_length=limits.STATEMENT_LENGTH)] | None = None
    tlp: CsafTlp | None = None
    sharing_group: CsafSharingGroup | None = None


class CsafPublisher(CsafPart):
    """Who published. `namespace` is an address, and so holds no space."""

    category: Name
    name: Line
    namespace: Annotated[str, Field(max_length=limits.NAME_LENGTH, pattern=r"^[^\x00-\x20\x7f]+$")]


class CsafRevision(CsafPart):
    """One line of the history."""

    date: Instant
    number: Number


class CsafIdentity(CsafPart):
    """What identifies one version of a document."""

    id: Annotated[
        str,
        Field(
            max_length=limits.IDENTIFIER_LENGTH,
            pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$",
        ),
    ]
    version: Number
    status: Literal["draft", "final", "interim"]
    current_release_date: Instant


class CsafTracking(CsafIdentity):
    """The versions of a document."""

    revision_history: Annotated[Many[CsafRevision], Field(min_length=1)]


class CsafAggregateSeverity(CsafPart):
    """The publisher's own word for how grave all of it is."""

    text: Line
    namespace: Annotated[str, Field(max_length=limits.URI_LENGTH)] | None = None


class CsafReference(CsafPart):
    """An address; `self` is where the document itself stands."""

    url: Annotated[str, Field(max_length=limits.URI_LENGTH)]
    category: Name = "external"


class CsafMeta(CsafPart):
    """The head of a document."""

    category: Name
    csaf_version: Name
    publisher: CsafPublisher
    title: Title
    tracking: CsafTracking
    distribution: CsafDistribution = CsafDistribution()
    aggregate_severity: CsafAggregateSeverity | None = None
    lang: Language | None = None
    source_lang: Language | None = None
    notes: Many[CsafNote] = []
    references: Many[CsafReference] = []


class CsafIdentityMeta(CsafPart):
    """The head of a document as far as a withdrawal needs it."""

    publisher: CsafPublisher
    tracking: CsafIdentity


class CsafCvss(CsafPart):
    """A score of one edition of CVSS; everything that is stated of it is kept."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    version: Name
    vector: Annotated[Name, Field(alias="vectorString")]
    score: Annotated[float, Field(alias="baseScore", ge=0, le=10)]
    severity: Annotated[Name | None, Field(alias="baseSeverity")] = None

    def stated(self) -> dict[str, object]:
        """The members as stated, but for the vector."""
        of_base: dict[str, object] = {"version": self.version, "baseScore": self.score}
        if self.severity is not None:
            of_base["baseSeverity"] = self.severity
        return {**(self.model_extra or {}), **of_base}


class CsafScores(CsafPart):
    """The scores of a vulnerability for some products."""

    cvss_v2: CsafCvss | None = None
    cvss_v3: CsafCvss | None = None
    cvss_v4: CsafCvss | None = None
    products: Many[str] = []

    def named(self) -> Iterator[tuple[str, CsafCvss]]:
        """The scores that are stated, each with the name of its member."""
        scores = (("cvss_v2", self.cvss_v2), ("cvss_v3", self.cvss_v3), ("cvss_v4", self.cvss_v4))
        return ((name, score) for name, score in scores if score is not None)

    def of(self, products: list[str]) -> "CsafScores":
        """The same scores, for these products."""
        return self.model_copy(update={"products": products})


class CsafMetric(CsafPart):
    """CSAF 2.1 puts the scores one level deeper."""

    content: CsafScores = CsafScores()
    products: Many[str] = []
    source: Annotated[str, Field(max_length=limits.URI_LENGTH)] | None = None


class CsafConcerning(CsafPart):
    """A threat, a flag or a remedy, and the products and groups of products that it concerns."""

    category: Name | None = None
    label: Name | None = None
    product_ids: Many[str] | None = None
    group_ids: Many[str] | None = None


class CsafInvolvement(CsafPart):
    """What a party did, and when."""

    party: Name
    date: Instant | None = None


class CsafIdentifier(CsafPart):
    """Another catalogue's name for a vulnerability."""

    text: Name


class CsafWeakness(CsafPart):
    """A weakness of the CWE; CSAF 2.1 says of which release."""

    id: Annotated[str, Field(pattern=r"^CWE-[1-9][0-9]{0,5}$")]
    name: Name
    version: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}(\.[0-9]{1,4}){0,2}$")] | None = None


class CsafVulnerability(CsafPart):
    """One vulnerability of the document."""

    cwe: CsafWeakness | None = None
    cwes: Many[CsafWeakness] = []
    cve: Annotated[str, Field(pattern=_CVE)] | None = None
    ids: Many[CsafIdentifier] = []
    notes: Many[CsafNote] = []
    scores: Many[CsafScores] = []
    metrics: Many[CsafMetric] = []
    product_status: dict[str, Many[str]] | None = None
    flags: Many[CsafConcerning] = []
    threats: Many[CsafConcerning] = []
    remediations: Many[CsafConcerning] = []
    involvements: Many[CsafInvolvement] = []

    def cvss(self) -> Iterator[CsafCvss]:
        """Every score of the vulnerability."""
        for scores in (*self.scores, *(metric.content for metric in self.metrics)):
            yield from (score for _, score in scores.named())


class CsafFileHash(CsafPart):
    """A hash of a file by one algorithm."""

    algorithm: Name


class CsafHashes(CsafPart):
    """The hashes of one file."""

    file_hashes: Many[CsafFileHash] = []


class CsafHelper(CsafPart):
    """What helps to identify a product."""

    hashes: Many[CsafHashes] = []
    purl: Annotated[str, Field(max_length=limits.URI_LENGTH)] | None = None
    purls: Many[Annotated[str, Field(max_length=limits.URI_LENGTH)]] = []


class CsafFullProduct(CsafPart):
    """A product that the document names."""

    product_id: Name
    product_identification_helper: CsafHelper | None = None


class CsafBranch(CsafPart):
    """A vendor, a product line, a version, down to a product."""

    category: Name
    name: Name
    product: CsafFullProduct | None = None
    branches: Many["CsafBranch"] = []


class CsafRelationship(CsafPart):
    """A product that is made of two others."""

    full_product_name: CsafFullProduct
    product_reference: Name
    relates_to_product_reference: Name


class CsafGroup(CsafPart):
    """A group of products."""

    group_id: Name
    product_ids: Many[str]


class CsafProductTree(CsafPart):
    """The products that a document speaks about."""

    full_product_names: Many[CsafFullProduct] = []
    branches: Many[CsafBranch] = []
    relationships: Many[CsafRelationship] = []
    product_groups: Many[CsafGroup] = []


class CsafDocument(CsafPart):
    """A whole document."""

    document: CsafMeta
    product_tree: CsafProductTree | None = None
    vulnerabilities: Many[CsafVulnerability] | None = None
