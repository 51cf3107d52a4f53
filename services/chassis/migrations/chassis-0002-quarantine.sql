-- What operators do with quarantined records, and with partitions that stopped for them.

ALTER TABLE quarantine
    ADD COLUMN state text NOT NULL DEFAULT 'OPEN',
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN edition integer NOT NULL DEFAULT 0,
    ADD COLUMN replays integer NOT NULL DEFAULT 0,
    ADD COLUMN refused_in_a_row integer NOT NULL DEFAULT 0;
CREATE INDEX quarantine_by_arrival ON quarantine (received_at, topic, part, position);
CREATE INDEX quarantine_by_ceiling ON quarantine (topic, marking_ceiling);
CREATE INDEX quarantine_open ON quarantine (reason) WHERE state = 'OPEN';

-- The bytes as an operator corrected them; the original stays in quarantine.
CREATE TABLE quarantine_edition (
    grp text NOT NULL,
    topic text NOT NULL,
    part integer NOT NULL,
    position bigint NOT NULL,
    edition integer NOT NULL,
    value bytea,
    headers json NOT NULL,
    PRIMARY KEY (grp, topic, part, position, edition),
    FOREIGN KEY (grp, topic, part, position) REFERENCES quarantine
);

-- Every step, numbered by the version of the record that it was taken from: nothing is done twice.
CREATE TABLE quarantine_ledger (
    grp text NOT NULL,
    topic text NOT NULL,
    part integer NOT NULL,
    position bigint NOT NULL,
    step integer NOT NULL,
    action text NOT NULL,
    edition integer NOT NULL,
    reason text,
    note text,
    actor text NOT NULL,
    party text,
    at timestamptz NOT NULL,
    PRIMARY KEY (grp, topic, part, position, step),
    FOREIGN KEY (grp, topic, part, position) REFERENCES quarantine
);

CREATE TABLE consumer_halt (
    grp text NOT NULL,
    topic text NOT NULL,
    part integer NOT NULL,
    why text NOT NULL,
    halted_at timestamptz NOT NULL,
    PRIMARY KEY (grp, topic, part)
);
