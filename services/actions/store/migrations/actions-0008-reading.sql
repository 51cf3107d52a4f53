-- What is counted of actions at any time, and what changed of them when.

CREATE TABLE action_span (
    action_id uuid NOT NULL REFERENCES action,
    from_at timestamptz NOT NULL,
    until_at timestamptz,
    reference text NOT NULL,
    series text NOT NULL,
    edition integer,
    meeting_id text NOT NULL,
    marking text NOT NULL,
    commitment text NOT NULL,
    accountable text[] NOT NULL,
    supporting text[] NOT NULL,
    parties text[] NOT NULL,
    reviewed_yearly boolean NOT NULL,
    opened_at timestamptz NOT NULL,
    original_due_date date NOT NULL,
    due_date date NOT NULL,
    moves integer NOT NULL,
    state text NOT NULL,
    state_since timestamptz NOT NULL,
    rag text,
    depends_on uuid[] NOT NULL,
    amber_from date,
    red_from date,
    rated_by text
);
CREATE UNIQUE INDEX action_span_now ON action_span (action_id) WHERE until_at IS NULL;
CREATE INDEX action_span_now_by_series ON action_span (series, original_due_date, reference)
    WHERE until_at IS NULL;
CREATE INDEX action_span_by_action ON action_span (action_id, from_at);
CREATE INDEX action_span_by_series ON action_span (series, from_at);
CREATE INDEX action_span_by_marking ON action_span (series, marking);

CREATE TABLE action_change (
    action_id uuid NOT NULL REFERENCES action,
    version bigint NOT NULL,
    series text NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    party text,
    changes jsonb NOT NULL,
    PRIMARY KEY (action_id, version)
);
CREATE INDEX action_change_by_series ON action_change (series, at, action_id, version);

-- Nothing is known of the time before; null where there was nothing to know.
CREATE TABLE action_history (began_at timestamptz);
INSERT INTO action_history SELECT max(changed_at) FROM action;

INSERT INTO action_span (
    action_id, from_at, reference, series, edition, meeting_id, marking, commitment, accountable, supporting,
    parties, reviewed_yearly, opened_at, original_due_date, due_date, moves, state, state_since, rag, depends_on
)
SELECT
    id, changed_at, reference, series, substring(reference FROM '-([0-9]{4})-')::integer, meeting_id, marking,
    commitment,
    ARRAY(
        SELECT DISTINCT owner ->> 'organisation' FROM jsonb_array_elements(owners) AS owner
        WHERE (owner ->> 'accountable')::boolean ORDER BY 1
    ),
    ARRAY(
        SELECT DISTINCT owner ->> 'organisation' FROM jsonb_array_elements(owners) AS owner
        WHERE NOT (owner ->> 'accountable')::boolean ORDER BY 1
    ),
    ARRAY(SELECT DISTINCT owner ->> 'party' FROM jsonb_array_elements(owners) AS owner ORDER BY 1),
    reviewed_yearly, opened_at, original_due_date, due_date, jsonb_array_length(due_date_changes), state,
    coalesce(closed_at, changed_at), rag,
    ARRAY(SELECT depends_on FROM action_dependency WHERE action_id = action.id ORDER BY 1)
FROM action;
