-- Meetings, drafts, tabled agendas, agreements, outcomes, and what is known of assessments and actions.

CREATE TABLE meeting (
    id uuid PRIMARY KEY,
    series text NOT NULL,
    edition integer NOT NULL,
    host_party text NOT NULL,
    venue text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    state text NOT NULL,
    version integer NOT NULL,
    UNIQUE (series, edition)
);

CREATE TABLE draft (
    id uuid PRIMARY KEY,
    meeting_id uuid NOT NULL REFERENCES meeting,
    series text NOT NULL,
    party text NOT NULL,
    version integer NOT NULL,
    UNIQUE (meeting_id, party)
);

CREATE TABLE draft_item (
    id uuid PRIMARY KEY,
    draft_id uuid NOT NULL REFERENCES draft,
    position integer NOT NULL,
    title text NOT NULL,
    kind text NOT NULL,
    purpose text NOT NULL,
    minutes integer NOT NULL,
    leads jsonb NOT NULL,
    commitments text[] NOT NULL,
    theme text NOT NULL,
    marking text NOT NULL,
    action_ids uuid[] NOT NULL,
    proposed_at timestamptz NOT NULL,
    traceparent text,
    UNIQUE (draft_id, position)
);

CREATE TABLE draft_reference (
    item_id uuid NOT NULL REFERENCES draft_item ON DELETE CASCADE,
    place integer NOT NULL,
    assessment_id uuid NOT NULL,
    revision integer NOT NULL,
    rendition text NOT NULL,
    mode text NOT NULL,
    PRIMARY KEY (item_id, assessment_id)
);
CREATE INDEX draft_reference_by_assessment ON draft_reference (assessment_id);

CREATE TABLE agenda (
    id uuid PRIMARY KEY,
    meeting_id uuid NOT NULL REFERENCES meeting,
    series text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    tabled_by text NOT NULL,
    content_hash text NOT NULL,
    payload bytea NOT NULL,
    tabled_at timestamptz NOT NULL,
    agreed_at timestamptz,
    aggregate_version bigint NOT NULL,
    traceparent text,
    UNIQUE (meeting_id, version)
);
CREATE UNIQUE INDEX agenda_on_the_table ON agenda (meeting_id) WHERE state <> 'SUPERSEDED';

CREATE TABLE agenda_item (
    agenda_id uuid NOT NULL REFERENCES agenda,
    item_id uuid NOT NULL,
    position integer NOT NULL,
    PRIMARY KEY (agenda_id, item_id),
    UNIQUE (agenda_id, position)
);
CREATE INDEX agenda_item_by_item ON agenda_item (item_id);

CREATE TABLE agenda_reference (
    agenda_id uuid NOT NULL,
    item_id uuid NOT NULL,
    assessment_id uuid NOT NULL,
    revision integer NOT NULL,
    state text NOT NULL,
    PRIMARY KEY (agenda_id, item_id, assessment_id),
    FOREIGN KEY (agenda_id, item_id) REFERENCES agenda_item
);
CREATE INDEX agenda_reference_by_assessment ON agenda_reference (assessment_id);

-- The decisions a tabled reference was allowed by, whole.
CREATE TABLE releasability_decision (
    agenda_id uuid NOT NULL REFERENCES agenda,
    item_id uuid NOT NULL,
    assessment_id uuid NOT NULL,
    party text NOT NULL,
    decision_id text NOT NULL,
    allowed boolean NOT NULL,
    rule_id text NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (agenda_id, item_id, assessment_id, party)
);

-- Signed statements exactly as they would be sent to another deployment. A void one stays on record.
CREATE TABLE agreement (
    subject text NOT NULL,
    subject_id uuid NOT NULL,
    party text NOT NULL,
    organisation text NOT NULL,
    official text NOT NULL,
    content_hash text NOT NULL,
    type text NOT NULL,
    payload bytea NOT NULL,
    jws text NOT NULL,
    given_at timestamptz NOT NULL,
    voided_at timestamptz,
    PRIMARY KEY (subject, subject_id, party, organisation)
);

CREATE TABLE outcome (
    id uuid PRIMARY KEY,
    meeting_id uuid NOT NULL REFERENCES meeting,
    agenda_id uuid NOT NULL,
    item_id uuid NOT NULL,
    series text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    conclusion text NOT NULL,
    action_id uuid UNIQUE,
    action_reference text UNIQUE,
    content_hash text NOT NULL,
    payload bytea NOT NULL,
    proposed_at timestamptz NOT NULL,
    agreed_at timestamptz,
    aggregate_version bigint NOT NULL,
    traceparent text,
    FOREIGN KEY (agenda_id, item_id) REFERENCES agenda_item
);
CREATE INDEX outcome_by_item ON outcome (item_id);
CREATE INDEX outcome_by_meeting ON outcome (meeting_id);

-- Read tables, each guarded by its owner's aggregate_version.
CREATE TABLE assessment_state (
    assessment_id uuid PRIMARY KEY,
    state text NOT NULL,
    revision integer NOT NULL,
    aggregate_version bigint NOT NULL,
    traceparent text
);

CREATE TABLE action_state (
    action_id uuid PRIMARY KEY,
    reference text NOT NULL,
    series text NOT NULL,
    open boolean NOT NULL,
    state text NOT NULL,
    due_date date,
    aggregate_version bigint NOT NULL
);
CREATE INDEX action_state_open ON action_state (series, reference) WHERE open;
