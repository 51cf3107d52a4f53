"""Where things lie in the repository, and the deployment that its policy documents describe."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.local.catalogue import Catalogue
from deploy.local.folders import Folders
from deploy.local.platform import Deployment
from services.chassis.documents import read_documents, read_json_documents
from services.cli.accounts import officials
from services.kernel.policy import Policy

REPOSITORY: Final = Path(__file__).resolve().parents[2]
POLICY: Final = REPOSITORY / "deploy" / "policy"
REFERENCE: Final = REPOSITORY / "deploy" / "reference"
SAMPLES: Final = Path(__file__).resolve().parent / "samples"


def folders(state: Path | None, environ: Mapping[str, str] = os.environ) -> Folders:
    """The folders of a system: those asked for, else those of the environment or the repository."""
    usual = Folders.from_environment(environ, REPOSITORY)
    return usual if state is None else Folders(state=state.resolve(), cache=usual.cache)


def read_policy() -> Policy:
    return Policy.from_documents(read_documents(POLICY))


def read_reference() -> Mapping[str, object]:
    """The documents of the reference data, by file name."""
    return read_json_documents(REFERENCE)


def deployment() -> Deployment:
    """All agencies and audiences of the policy documents, over the catalogue of topics."""
    policy = read_policy()
    return Deployment(
        catalogue=Catalogue.read(REPOSITORY / "proto" / "topics.yaml"),
        agencies=tuple(sorted(policy.agencies)),
        audiences=tuple(
            sorted(audience.id for series in policy.series for audience in policy.audiences(series))
        ),
        officials=officials(),
    )
