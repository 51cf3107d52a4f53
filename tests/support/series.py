"""The shipped policy with the third series laid beside it."""

from functools import cache
from pathlib import Path

from services.chassis.documents import read_documents
from services.kernel.policy import Policy
from tests.support.processes import POLICY as POLICY_FOLDER

US_EU_FOLDER = Path(__file__).parents[2] / "deploy" / "policy-us-eu"


@cache
def three_series() -> Policy:
    return Policy.from_documents({**read_documents(POLICY_FOLDER), **read_documents(US_EU_FOLDER)})
