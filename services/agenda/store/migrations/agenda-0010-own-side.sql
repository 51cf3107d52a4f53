-- What belongs to one side: comments on its draft, clearances of its own bodies, briefs and speaking notes.

CREATE TABLE draft_comment (
    id uuid PRIMARY KEY,
    draft_id uuid NOT NULL REFERENCES draft,
    item_id uuid NOT NULL,
    text text NOT NULL,
    organisation text NOT NULL,
    official text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX draft_comment_by_draft ON draft_comment (draft_id, at, id);

-- `words` is the item as the organisation was asked about it, `item_hash` what that was hashed to.
CREATE TABLE internal_clearance (
    id uuid PRIMARY KEY,
    draft_id uuid NOT NULL REFERENCES draft,
    item_id uuid NOT NULL,
    meeting_id uuid NOT NULL REFERENCES meeting,
    series text NOT NULL,
    party text NOT NULL,
    organisation text NOT NULL,
    number integer NOT NULL,
    question text NOT NULL,
    required boolean NOT NULL,
    due_at timestamptz NOT NULL,
    item_hash text NOT NULL,
    words jsonb NOT NULL,
    state text NOT NULL,
    remarks text NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    answered_by text NOT NULL,
    answered_at timestamptz,
    version integer NOT NULL
);
CREATE UNIQUE INDEX internal_clearance_by_draft ON internal_clearance (draft_id, number);
CREATE INDEX internal_clearance_open ON internal_clearance (party, organisation) WHERE state = 'OPEN';

CREATE TABLE item_brief (
    meeting_id uuid NOT NULL REFERENCES meeting,
    party text NOT NULL,
    item_id uuid NOT NULL,
    brief text NOT NULL,
    speaking_notes text NOT NULL,
    marking text NOT NULL,
    official text NOT NULL,
    at timestamptz NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (meeting_id, party, item_id)
);
