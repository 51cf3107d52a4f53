-- The record of a meeting: who was there, what ran when, the minutes, the set of conclusions; what comes back
-- at the next edition; histories of actions; a party's private links.

CREATE TABLE participant (
    id uuid PRIMARY KEY,
    meeting_id uuid NOT NULL REFERENCES meeting,
    side text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    organisation text NOT NULL,
    nationality text NOT NULL,
    represents text NOT NULL,
    presence text NOT NULL,
    version integer NOT NULL,
    added_at timestamptz NOT NULL
);
CREATE INDEX participant_by_meeting ON participant (meeting_id);

-- A side's own; never shown to another.
CREATE TABLE participant_note (
    participant_id uuid PRIMARY KEY REFERENCES participant,
    note text NOT NULL,
    official text NOT NULL,
    noted_at timestamptz NOT NULL
);

CREATE TABLE register_closure (
    meeting_id uuid NOT NULL REFERENCES meeting,
    side text NOT NULL,
    official text NOT NULL,
    closed_at timestamptz NOT NULL,
    PRIMARY KEY (meeting_id, side)
);

-- The run clock: stretches of items and breaks, one after the other.
CREATE TABLE meeting_run (
    meeting_id uuid PRIMARY KEY REFERENCES meeting,
    version integer NOT NULL
);
CREATE TABLE run_stretch (
    meeting_id uuid NOT NULL REFERENCES meeting_run,
    number integer NOT NULL,
    item_id uuid,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    finished boolean NOT NULL,
    PRIMARY KEY (meeting_id, number)
);

-- Minutes by section. `section` is an item's id, or OPENING or CLOSING.
CREATE TABLE minutes_section (
    meeting_id uuid NOT NULL REFERENCES meeting,
    section text NOT NULL,
    revision integer NOT NULL,
    text text NOT NULL,
    marking text NOT NULL,
    party text NOT NULL,
    official text NOT NULL,
    written_at timestamptz NOT NULL,
    PRIMARY KEY (meeting_id, section, revision)
);
CREATE TABLE minutes_comment (
    id uuid PRIMARY KEY,
    meeting_id uuid NOT NULL REFERENCES meeting,
    section text NOT NULL,
    revision integer NOT NULL,
    party text NOT NULL,
    organisation text NOT NULL,
    text text NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE INDEX minutes_comment_by_meeting ON minutes_comment (meeting_id);
CREATE TABLE minutes_acceptance (
    meeting_id uuid NOT NULL REFERENCES meeting,
    section text NOT NULL,
    revision integer NOT NULL,
    party text NOT NULL,
    official text NOT NULL,
    accepted_at timestamptz NOT NULL,
    PRIMARY KEY (meeting_id, section, revision, party)
);

-- The conclusions of a meeting as one text, to be signed once.
CREATE TABLE conclusions (
    id uuid PRIMARY KEY,
    meeting_id uuid NOT NULL REFERENCES meeting,
    version integer NOT NULL,
    state text NOT NULL,
    content_hash text NOT NULL,
    payload bytea NOT NULL,
    put_by text NOT NULL,
    put_at timestamptz NOT NULL,
    agreed_at timestamptz,
    aggregate_version bigint NOT NULL,
    UNIQUE (meeting_id, version)
);

-- An item that comes back: `root_item_id` is the item as it first stood on an agenda of the series.
CREATE TABLE returning_item (
    meeting_id uuid NOT NULL REFERENCES meeting,
    item_id uuid NOT NULL,
    root_item_id uuid NOT NULL,
    outcome_id uuid NOT NULL REFERENCES outcome,
    times integer NOT NULL,
    PRIMARY KEY (meeting_id, item_id)
);
CREATE INDEX returning_item_by_item ON returning_item (item_id);

-- Actions as their owner told of them, each telling once.
ALTER TABLE action_state
    ADD COLUMN text text NOT NULL DEFAULT '',
    ADD COLUMN marking text NOT NULL DEFAULT '',
    ADD COLUMN commitment text NOT NULL DEFAULT '';
CREATE TABLE action_history (
    action_id uuid NOT NULL,
    aggregate_version bigint NOT NULL,
    series text NOT NULL,
    reference text NOT NULL,
    state text NOT NULL,
    open boolean NOT NULL,
    due_date date,
    due_date_moves jsonb NOT NULL,
    text text NOT NULL,
    marking text NOT NULL,
    commitment text NOT NULL,
    basis text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (action_id, aggregate_version)
);
CREATE INDEX action_history_by_series ON action_history (series, changed_at);

-- A party's own link between two actions; nothing follows from it for anybody else.
CREATE TABLE action_link (
    id uuid PRIMARY KEY,
    party text NOT NULL,
    one uuid NOT NULL,
    other uuid NOT NULL,
    note text NOT NULL,
    official text NOT NULL,
    linked_at timestamptz NOT NULL,
    UNIQUE (party, one, other),
    CHECK (one < other)
);
