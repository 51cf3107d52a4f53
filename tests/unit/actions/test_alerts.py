"""The alert rules ask for metrics that there are."""

import re
from pathlib import Path

import yaml

from services.chassis.telemetry import Metrics

ROOT = Path(__file__).parents[3]


def test_every_alert_asks_for_a_metric_that_is_exported_and_names_a_runbook_that_is_there() -> None:
    exported = {family.name for family in Metrics().registry.collect()}
    (group,) = yaml.safe_load((ROOT / "deploy" / "alerts" / "actions.yaml").read_text("utf-8"))["groups"]
    assert group["rules"]
    for rule in group["rules"]:
        asked = set(re.findall(r"entente_\w+", rule["expr"]))
        assert asked
        assert asked <= exported
        assert (ROOT / rule["annotations"]["runbook"]).is_file()
