-- Plumbing that every service has: audit, outbox, inbox, consumer positions, quarantine, idempotency.

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    party text,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    request_id text,
    detail jsonb NOT NULL
);
CREATE INDEX audit_by_subject ON audit (subject_kind, subject_id, id);

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key bytea NOT NULL,
    value bytea NOT NULL,
    headers json NOT NULL,
    created_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE TABLE inbox (
    consumer text NOT NULL,
    ce_source text NOT NULL,
    ce_id text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, ce_source, ce_id)
);

CREATE TABLE consumed (
    grp text NOT NULL,
    topic text NOT NULL,
    part integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (grp, topic, part)
);

CREATE TABLE quarantine (
    grp text NOT NULL,
    topic text NOT NULL,
    part integer NOT NULL,
    position bigint NOT NULL,
    key bytea,
    value bytea,
    headers json NOT NULL,
    recorded_at timestamptz NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    pointer text,
    marking_ceiling text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (grp, topic, part, position)
);
CREATE INDEX quarantine_by_reason ON quarantine (reason, received_at);

CREATE TABLE idempotency (
    principal text NOT NULL,
    request_key text NOT NULL,
    fingerprint text NOT NULL,
    status integer,
    content_type text,
    headers json,
    body bytea,
    claimed_at timestamptz NOT NULL,
    PRIMARY KEY (principal, request_key)
);
