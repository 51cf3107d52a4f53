-- Two assessments that people hold to be of one matter. A link that is undone leaves no row.
CREATE TABLE assessment_link (
    link_id uuid PRIMARY KEY,
    series text NOT NULL,
    party text NOT NULL,
    one uuid NOT NULL,
    other uuid NOT NULL CHECK (one < other),
    reason text NOT NULL,
    official text NOT NULL,
    linked_at timestamptz NOT NULL,
    shared jsonb NOT NULL,
    weights_version text NOT NULL,
    UNIQUE (series, party, one, other)
);
CREATE INDEX assessment_link_by_other ON assessment_link (series, party, other);
