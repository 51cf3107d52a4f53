-- Where a proposal was forwarded from, and the working-level meeting it is for. A party's own, as proposals are.

ALTER TABLE proposal ADD COLUMN meeting_id uuid REFERENCES meeting;

CREATE TABLE proposal_origin (
    party text NOT NULL,
    item_id uuid NOT NULL,
    to_meeting_id uuid NOT NULL REFERENCES meeting,
    proposal_id uuid NOT NULL UNIQUE REFERENCES proposal,
    kind text NOT NULL,
    series text NOT NULL,
    meeting_id uuid NOT NULL REFERENCES meeting,
    source_id uuid NOT NULL,
    history jsonb NOT NULL,
    PRIMARY KEY (party, item_id, to_meeting_id)
);
