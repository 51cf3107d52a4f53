"""What is stored of a revision is the whole of it."""

import json
from pathlib import Path

import pytest

from services.threatfeed.domain.assessment import Assessment, Withdrawal
from services.threatfeed.domain.documents import revision_from_document, revision_to_document
from tests.support.submissions import SAMPLES, read

FILES = sorted(SAMPLES.glob("[!b]*/*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_revision_survives_being_stored_as_json(file: Path) -> None:
    for revision in read(file.read_bytes(), agency=file.parent.name):
        assert isinstance(revision, Assessment | Withdrawal)
        stored = json.loads(json.dumps(revision_to_document(revision)))
        again = revision_from_document(stored)
        assert again == revision
        assert again.source.version.text == revision.source.version.text
        if isinstance(revision, Assessment) and isinstance(again, Assessment):
            assert again.marking.original_text == revision.marking.original_text
