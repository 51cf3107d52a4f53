"""Nations and groups of nations as release lists name them (GENC trigraphs, CAPCO tetragraphs)."""

from collections.abc import Iterable

USA = "USA"
GBR = "GBR"

FIVE_EYES = frozenset({"AUS", "CAN", "GBR", "NZL", "USA"})

EXPANDED_GROUPS: dict[str, frozenset[str]] = {
    "ACGU": frozenset({"AUS", "CAN", "GBR", "USA"}),
    "FVEY": FIVE_EYES,
    "TEYE": frozenset({"AUS", "GBR", "USA"}),
}
"""The only groups that a list may be expanded by (CAPCO register, roll-up rule 23)."""

_TRIGRAPHS = (
    "ABW AFG AGO AIA ALB AND ARE ARG ARM ASM ATF ATG AUS AUT AZE BDI BEL BEN BFA BGD BGR BHR BHS BIH BLM"
    " BLR BLZ BMU BOL BRA BRB BRN BTN BWA CAF CAN CHE CHL CHN CIV CMR COD COG COK COL COM CPV CRI CUB CUW"
    " CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY"
    " GHA GIB GIN GMB GNB GNQ GRC GRD GRL GTM GUM GUY HKG HND HRV HTI HUN IDN IMN IND IRL IRN IRQ ISL ISR"
    " ITA JAM JEY JOR JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC"
    " MAF MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MUS MWI MYS NAM NCL NER NGA"
    " NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT ROU RUS RWA"
    " SAU SDN SEN SGP SLB SLE SLV SMR SOM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK"
    " TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR URY USA UZB VAT VCT VEN VGB VIR VNM VUT WSM XKS YEM ZAF"
    " ZMB ZWE ATA BVT CCK CXR ESH GLP GUF HMD IOT MTQ MYT REU SGS SHN SJM SPM UMI WLF"
)
TRIGRAPHS = frozenset(_TRIGRAPHS.split())

EU_CODE = "EU"
"""The European Union in a release list. It is never within the Five Eyes."""


def expand(codes: Iterable[str]) -> frozenset[str]:
    """The codes with FVEY, TEYE and ACGU replaced by their members; every other group stays whole."""
    found: set[str] = set()
    for code in codes:
        found |= EXPANDED_GROUPS.get(code, frozenset({code}))
    return frozenset(found)


def is_release_code(code: str) -> bool:
    """Whether a release list may hold it: a known trigraph, the EU, or the four capitals of a group."""
    return code in TRIGRAPHS or code == EU_CODE or (len(code) == 4 and code.isascii() and code.isalpha())


def release_order(code: str) -> tuple[int, str]:
    """The order in which the register lists codes: the USA, then nations, then groups, each A to Z."""
    if code == USA:
        return 0, code
    return (1 if code in TRIGRAPHS else 2), code
