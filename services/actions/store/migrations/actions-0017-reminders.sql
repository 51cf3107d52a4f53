-- What owning organisations were reminded of, in one digest a working day.

CREATE TABLE reminder_desk (
    series text NOT NULL,
    party text NOT NULL,
    organisation text NOT NULL,
    looked_on date,
    PRIMARY KEY (series, party, organisation)
);

CREATE TABLE reminder_digest (
    id uuid PRIMARY KEY,
    series text NOT NULL,
    party text NOT NULL,
    organisation text NOT NULL,
    sent_on date NOT NULL,
    sent_at timestamptz NOT NULL,
    UNIQUE (series, party, organisation, sent_on),
    FOREIGN KEY (series, party, organisation) REFERENCES reminder_desk
);

CREATE TABLE reminder_entry (
    digest_id uuid NOT NULL REFERENCES reminder_digest,
    action_id uuid NOT NULL REFERENCES action,
    matters text[] NOT NULL,
    due_date date NOT NULL,
    post text NOT NULL,
    subject text NOT NULL,
    PRIMARY KEY (digest_id, action_id)
);

-- Of each action, party and key the latest that was sent.
CREATE TABLE reminder_sent (
    action_id uuid NOT NULL REFERENCES action,
    party text NOT NULL,
    key text NOT NULL,
    place integer NOT NULL,
    digest_id uuid NOT NULL REFERENCES reminder_digest,
    PRIMARY KEY (action_id, party, key, place)
);
