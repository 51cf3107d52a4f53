"""CVE identifiers as they stand in running text."""

import re
from typing import Final

_CVE: Final = re.compile(r"\bCVE-[0-9]{4}-[0-9]{4,19}\b")


def cves_in(*texts: str) -> list[str]:
    """Every CVE identifier that the texts name, in their order, repeats included."""
    return [cve for text in texts if "CVE-" in text for cve in _CVE.findall(text)]
