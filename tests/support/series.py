"""The shipped policy with the third series laid beside it."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from services.chassis.documents import read_documents
from services.kernel.policy import Policy
from tests.support.processes import POLICY as POLICY_FOLDER

US_EU_FOLDER = Path(__file__).parents[2] / "deploy" / "policy-us-eu"


def documents_of_three() -> dict[str, Mapping[str, Any]]:
    return {**read_documents(POLICY_FOLDER), **read_documents(US_EU_FOLDER)}


@cache
def three_series() -> Policy:
    return Policy.from_documents(documents_of_three())
