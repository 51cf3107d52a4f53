-- Reporting rounds, what each asks of whom, and the updates as they were given.

CREATE TABLE report_round (
    id uuid PRIMARY KEY,
    series text NOT NULL,
    planned_for date NOT NULL,
    opens_on date NOT NULL,
    reminds_on date NOT NULL,
    due_on date NOT NULL,
    closes_on date NOT NULL,
    state text NOT NULL,
    opened_at timestamptz,
    reminded_at timestamptz,
    fell_due_at timestamptz,
    closed_at timestamptz,
    UNIQUE (series, planned_for)
);

-- `silent` until the party is heard again after it missed a round; the instants stay as they were.
CREATE TABLE report_obligation (
    round_id uuid NOT NULL REFERENCES report_round,
    action_id uuid NOT NULL REFERENCES action,
    party text NOT NULL,
    organisation text NOT NULL,
    reminded_at timestamptz,
    submitted_at timestamptz,
    late boolean NOT NULL DEFAULT false,
    excused_at timestamptz,
    missed_at timestamptz,
    silent boolean NOT NULL DEFAULT false,
    PRIMARY KEY (round_id, action_id, party)
);
CREATE INDEX report_obligation_by_action ON report_obligation (action_id, party);
CREATE INDEX report_obligation_silent ON report_obligation (action_id) WHERE silent;

CREATE TABLE progress_update (
    id uuid PRIMARY KEY,
    action_id uuid NOT NULL REFERENCES action,
    action_version bigint NOT NULL,
    party text NOT NULL,
    organisation text NOT NULL,
    official text NOT NULL,
    submitted_at timestamptz NOT NULL,
    rag text NOT NULL,
    narrative text NOT NULL,
    percent integer,
    round_id uuid REFERENCES report_round,
    late boolean NOT NULL,
    revision integer NOT NULL,
    reason text NOT NULL,
    UNIQUE (round_id, action_id, party, revision),
    UNIQUE (action_id, action_version)
);
