-- Actions with their evidence, what is known of assessments, and the feeds of the audiences.

CREATE TABLE action (
    id uuid PRIMARY KEY,
    reference text NOT NULL UNIQUE,
    series text NOT NULL,
    meeting_id text NOT NULL,
    item_id text NOT NULL,
    outcome_id text NOT NULL,
    content_hash text NOT NULL,
    agreed_text text NOT NULL,
    guidance text NOT NULL,
    owners jsonb NOT NULL,
    commitment text NOT NULL,
    marking text NOT NULL,
    original_due_date date NOT NULL,
    due_date date NOT NULL,
    due_date_changes jsonb NOT NULL,
    state text NOT NULL,
    rag text,
    narrative text NOT NULL,
    claim jsonb,
    confirmations jsonb NOT NULL,
    rejection jsonb,
    closure_id uuid UNIQUE,
    closed_at timestamptz,
    opened_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    version bigint NOT NULL,
    opened_trace text,
    latest_trace text
);
CREATE INDEX action_by_outcome ON action (outcome_id);
CREATE INDEX action_by_series ON action (series, original_due_date, reference);

CREATE TABLE action_basis (
    action_id uuid NOT NULL REFERENCES action,
    position integer NOT NULL,
    assessment_id uuid NOT NULL,
    revision integer NOT NULL,
    state text NOT NULL,
    PRIMARY KEY (action_id, position)
);
CREATE INDEX action_basis_by_assessment ON action_basis (assessment_id);

CREATE TABLE evidence (
    id uuid PRIMARY KEY,
    action_id uuid NOT NULL REFERENCES action,
    position integer NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    uri text NOT NULL,
    digest text NOT NULL,
    marking text NOT NULL,
    submitted_by text NOT NULL,
    party text NOT NULL,
    organisation text NOT NULL,
    submitted_at timestamptz NOT NULL,
    UNIQUE (action_id, position)
);

CREATE TABLE assessment_state (
    assessment_id uuid PRIMARY KEY,
    standing text NOT NULL,
    revision integer NOT NULL,
    version bigint NOT NULL
);

CREATE TABLE audience_feed (
    audience text PRIMARY KEY,
    epoch text NOT NULL,
    sequence bigint NOT NULL
);

CREATE TABLE audience_status (
    audience text NOT NULL,
    action_id uuid NOT NULL REFERENCES action,
    digest bytea NOT NULL,
    PRIMARY KEY (audience, action_id)
);
