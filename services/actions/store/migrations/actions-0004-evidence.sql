-- Evidence in revisions that are never rewritten, its withdrawal, and the look at what was closed.

ALTER TABLE evidence
    ADD COLUMN revision integer NOT NULL DEFAULT 1,
    ADD COLUMN kind text NOT NULL DEFAULT 'DOCUMENTARY',
    ADD COLUMN material text NOT NULL DEFAULT '',
    ADD COLUMN expires_on date,
    DROP CONSTRAINT evidence_pkey,
    DROP CONSTRAINT evidence_action_id_position_key,
    ADD PRIMARY KEY (id, revision),
    ADD UNIQUE (action_id, position, revision);
ALTER TABLE evidence
    ALTER COLUMN revision DROP DEFAULT,
    ALTER COLUMN kind DROP DEFAULT,
    ALTER COLUMN material DROP DEFAULT;

CREATE TABLE evidence_withdrawal (
    evidence_id uuid PRIMARY KEY,
    withdrawn jsonb NOT NULL
);

ALTER TABLE action
    ADD COLUMN review_on date,
    ADD COLUMN closure_reviews jsonb NOT NULL DEFAULT '[]';
ALTER TABLE action
    ALTER COLUMN closure_reviews DROP DEFAULT;
CREATE INDEX action_by_closure_review ON action (series, closed_at) WHERE state = 'CLOSED';
