-- What release is decided on, and the decisions that stand for a meeting, so that they can be made anew.

CREATE TABLE consent (
    consent_id uuid PRIMARY KEY,
    originator text NOT NULL,
    originator_party text NOT NULL,
    assessment_id uuid NOT NULL,
    revision integer NOT NULL,
    rendition text NOT NULL,
    party text NOT NULL,
    mode text NOT NULL,
    series text NOT NULL,
    meeting_id uuid,
    expires_at timestamptz NOT NULL,
    statement text NOT NULL,
    state text NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    withdrawn_by text,
    withdrawn_at timestamptz,
    withdrawal_reason text,
    aggregate_version bigint NOT NULL
);
CREATE INDEX consent_by_meeting ON consent (meeting_id) WHERE state = 'STANDING';
CREATE INDEX consent_by_end ON consent (expires_at) WHERE state = 'STANDING';
CREATE INDEX consent_by_record ON consent (recorded_at DESC, consent_id DESC);

CREATE TABLE policy_version (
    number bigint PRIMARY KEY,
    version text NOT NULL,
    digest text NOT NULL,
    documents jsonb NOT NULL,
    since timestamptz NOT NULL
);

-- One text, mode and meeting with the decisions that stand on it, by party: {"rule_id", "allowed"}.
CREATE TABLE decided_text (
    text_id uuid PRIMARY KEY,
    series text NOT NULL,
    meeting_id uuid NOT NULL,
    assessment_id uuid NOT NULL,
    revision integer NOT NULL,
    rendition text NOT NULL,
    mode text NOT NULL,
    used_at timestamptz NOT NULL,
    allowed boolean NOT NULL,
    decisions jsonb NOT NULL,
    policy_version text NOT NULL,
    evaluated_at timestamptz NOT NULL,
    due boolean NOT NULL
);
CREATE INDEX decided_text_by_meeting ON decided_text (meeting_id);
CREATE INDEX decided_text_by_use ON decided_text (used_at);

CREATE TABLE decision_change (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cause text NOT NULL,
    series text NOT NULL,
    meeting_id uuid NOT NULL,
    assessment_id uuid NOT NULL,
    revision integer NOT NULL,
    rendition text NOT NULL,
    mode text NOT NULL,
    party text NOT NULL,
    allowed_before boolean NOT NULL,
    allowed_after boolean NOT NULL,
    rule_before text,
    rule_after text,
    policy_before text NOT NULL,
    policy_after text NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX decision_change_by_series ON decision_change (series, number DESC);

-- A text that may not be held here reached a topic. Its place and digest, and nothing that it says.
CREATE TABLE spill (
    topic text NOT NULL,
    part integer NOT NULL,
    position bigint NOT NULL,
    agency text NOT NULL,
    sha256 text NOT NULL,
    bytes integer NOT NULL,
    rule_id text NOT NULL,
    found_at timestamptz NOT NULL,
    PRIMARY KEY (topic, part, position)
);
