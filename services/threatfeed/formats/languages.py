"""Language tags (RFC 5646), as the schemas of the formats write them."""

from typing import Final

_LANGUAGE: Final = r"([A-Za-z]{2,3}(-[A-Za-z]{3}(-[A-Za-z]{3}){0,2})?|[A-Za-z]{4,8})"
_SCRIPT_AND_REGION: Final = r"(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?"
_VARIANTS: Final = r"(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(-[A-WY-Za-wy-z0-9](-[A-Za-z0-9]{2,8})+)*"
_PRIVATE: Final = r"[Xx](-[A-Za-z0-9]{1,8})+"
_IRREGULAR: Final = r"[Ii]-[Dd][Ee][Ff][Aa][Uu][Ll][Tt]|[Ii]-[Mm][Ii][Nn][Gg][Oo]"

LANGUAGE_TAG: Final = rf"^({_LANGUAGE}{_SCRIPT_AND_REGION}{_VARIANTS}(-{_PRIVATE})?|{_PRIVATE}|{_IRREGULAR})$"
"""A well-formed tag; the pattern of the CSAF schema. Whether its parts are registered is not tested."""
