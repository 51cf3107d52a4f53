-- That the law of a party does not allow a text, and why. One party's own: never shown to another.
-- Of an organisation and a text there is a row here or in outcome_clearance, whichever it said last.

CREATE TABLE outcome_refusal (
    outcome_id uuid NOT NULL REFERENCES outcome,
    party text NOT NULL,
    organisation text NOT NULL,
    content_hash text NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    official text NOT NULL,
    given_at timestamptz NOT NULL,
    PRIMARY KEY (outcome_id, party, organisation, content_hash)
);
