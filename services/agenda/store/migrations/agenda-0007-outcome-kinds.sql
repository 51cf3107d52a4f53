-- Kinds of outcome, numbers of decisions, versions of a wording, and a party's legal clearance.

ALTER TABLE outcome
    ADD COLUMN kind text NOT NULL DEFAULT 'CONCLUDED',
    ADD COLUMN reason text NOT NULL DEFAULT '',
    ADD COLUMN deferred_to integer,
    ADD COLUMN review_edition integer,
    ADD COLUMN commitments text[] NOT NULL DEFAULT '{}',
    ADD COLUMN theme text NOT NULL DEFAULT '',
    ADD COLUMN decision_reference text UNIQUE;
ALTER TABLE outcome
    ALTER COLUMN kind DROP DEFAULT,
    ALTER COLUMN reason DROP DEFAULT,
    ALTER COLUMN commitments DROP DEFAULT,
    ALTER COLUMN theme DROP DEFAULT;

UPDATE outcome SET
    theme = coalesce(item.entry ->> 'theme', ''),
    commitments = ARRAY(SELECT jsonb_array_elements_text(coalesce(item.entry -> 'commitments', '[]')))
FROM (
    SELECT agenda.id AS agenda_id, jsonb_array_elements(convert_from(payload, 'UTF8')::jsonb -> 'items') AS entry
    FROM agenda
) AS item
WHERE item.agenda_id = outcome.agenda_id AND item.entry ->> 'itemId' = outcome.item_id::text;

UPDATE outcome SET decision_reference = numbered.stem || lpad(
    numbered.number::text, greatest(2, length(numbered.number::text)), '0')
FROM (
    SELECT outcome.id, upper(replace(outcome.series, '-', '')) || '-' || meeting.edition || '-D' AS stem,
        row_number() OVER (
            PARTITION BY outcome.series, meeting.edition ORDER BY outcome.agreed_at, outcome.id) AS number
    FROM outcome JOIN meeting ON meeting.id = outcome.meeting_id WHERE outcome.state = 'AGREED'
) AS numbered
WHERE numbered.id = outcome.id;

CREATE INDEX outcome_by_series ON outcome (series, meeting_id);

-- The last number given out in a year of a series: 'A' of an action, 'D' of a decision.
CREATE TABLE reference_number (
    series text NOT NULL,
    edition integer NOT NULL,
    kind text NOT NULL,
    last integer NOT NULL,
    PRIMARY KEY (series, edition, kind)
);
INSERT INTO reference_number (series, edition, kind, last)
SELECT outcome.series, meeting.edition, 'A', count(*)
FROM outcome JOIN meeting ON meeting.id = outcome.meeting_id
WHERE outcome.action_reference IS NOT NULL GROUP BY 1, 2
UNION ALL
SELECT outcome.series, meeting.edition, 'D', count(*)
FROM outcome JOIN meeting ON meeting.id = outcome.meeting_id
WHERE outcome.decision_reference IS NOT NULL GROUP BY 1, 2;

-- Every wording that was put to the parties.
CREATE TABLE outcome_version (
    outcome_id uuid NOT NULL REFERENCES outcome,
    version integer NOT NULL,
    content_hash text NOT NULL,
    payload bytea NOT NULL,
    proposed_at timestamptz NOT NULL,
    PRIMARY KEY (outcome_id, version)
);
INSERT INTO outcome_version SELECT id, version, content_hash, payload, proposed_at FROM outcome;

-- One party's own: never shown to another.
CREATE TABLE outcome_clearance (
    outcome_id uuid NOT NULL REFERENCES outcome,
    party text NOT NULL,
    organisation text NOT NULL,
    content_hash text NOT NULL,
    official text NOT NULL,
    given_at timestamptz NOT NULL,
    PRIMARY KEY (outcome_id, party, organisation, content_hash)
);

-- An official may agree to each version of an outcome; only one agreement is in force.
ALTER TABLE agreement DROP CONSTRAINT IF EXISTS agreement_pkey;
CREATE UNIQUE INDEX IF NOT EXISTS agreement_in_force
    ON agreement (subject, subject_id, party, organisation) WHERE voided_at IS NULL;
