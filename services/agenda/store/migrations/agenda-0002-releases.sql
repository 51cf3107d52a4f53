-- What is known of the release of texts for meetings, and which exact text a tabled reference is.

ALTER TABLE agenda_reference
    ADD COLUMN rendition text,
    ADD COLUMN mode text,
    ADD COLUMN denied boolean NOT NULL DEFAULT false;
UPDATE agenda_reference SET
    rendition = replace(decision.document ->> 'rendition', 'RENDITION_', ''),
    mode = replace(decision.document ->> 'mode', 'RELEASE_MODE_', '')
FROM releasability_decision AS decision
WHERE decision.agenda_id = agenda_reference.agenda_id AND decision.item_id = agenda_reference.item_id
  AND decision.assessment_id = agenda_reference.assessment_id;
ALTER TABLE agenda_reference
    ALTER COLUMN rendition SET NOT NULL,
    ALTER COLUMN mode SET NOT NULL;

-- Guarded by the time of the decision that its owner made last.
CREATE TABLE release_state (
    meeting_id uuid NOT NULL,
    assessment_id uuid NOT NULL,
    revision integer NOT NULL,
    rendition text NOT NULL,
    mode text NOT NULL,
    allowed boolean NOT NULL,
    evaluated_at timestamptz NOT NULL,
    PRIMARY KEY (meeting_id, assessment_id, revision, rendition, mode)
);
