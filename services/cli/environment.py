"""The environment of a service process: clean, then exactly what its settings need."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.local.access import ServiceAccess
from deploy.local.ports import LOOPBACK
from services.cli.layout import POLICY, REFERENCE, REPOSITORY
from services.cli.record import Address

CEILING: Final = "UK OFFICIAL-SENSITIVE"
HOME_PARTY: Final = "UK"


def clean_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the machine needs of a process, and nothing of ours."""
    kept = {name: value for name, value in environ.items() if not name.upper().startswith("ENTENTE_")}
    return {**kept, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'proto'}"}


def service_command(service: str, kind: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"services.{service}", kind)


def service_environment(
    access: ServiceAccess,
    kind: str,
    addresses: Mapping[str, Address],
    *,
    clock: Path,
    spans: Path | None,
) -> dict[str, str]:
    """The environment of one process of a service (`kind` api, worker, relay, views, picture or migrate)."""
    own = addresses[access.name]
    # A picture worker has no database, asks nobody for tokens, and answers no calls.
    streams = kind == "picture"
    environment = {
        **clean_environment(),
        **(access.kafka.environment() if streams else access.environment()),
        "ENTENTE_KAFKA__INSTANCE": f"local-{kind}",
        "ENTENTE_KAFKA__SESSION_TIMEOUT_MS": "10000",
        "ENTENTE_DEPLOYMENT": "local",
        "ENTENTE_HOME_PARTY": HOME_PARTY,
        "ENTENTE_CEILING": CEILING,
        "ENTENTE_POLICY": str(POLICY),
        "ENTENTE_CLOCK__FILE": str(clock),
        "ENTENTE_HTTP__HOST": LOOPBACK,
        "ENTENTE_HTTP__PORT": str(own.probes(kind)),
    }
    if not streams:
        environment |= {"ENTENTE_RPC__HOST": LOOPBACK, "ENTENTE_RPC__PORT": str(own.api_rpc)}
    if spans is not None:
        environment["ENTENTE_TELEMETRY__FILE"] = str(spans / f"{access.name}-{kind}.spans.jsonl")
    if access.name == "threatfeed" and not streams:
        environment |= {
            "ENTENTE_REFERENCE": str(REFERENCE),
            "ENTENTE_OFFICIAL_KEYS": str(access.official_keys),
        }
    if access.name == "actions":
        environment |= {
            "ENTENTE_WEBHOOKS__ENDPOINTS": str(clock.parent / "webhooks" / "endpoints"),
            "ENTENTE_WEBHOOKS__SECRETS": str(clock.parent / "webhooks" / "secrets"),
        }
    if access.name == "agenda":
        environment |= {
            "ENTENTE_PEERS__THREATFEED": addresses["threatfeed"].rpc,
            "ENTENTE_PEERS__ACTIONS": addresses["actions"].rpc,
            "ENTENTE_OFFICIAL_KEYS": str(access.official_keys),
        }
    return environment
