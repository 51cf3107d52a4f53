-- A party's own proposals, and where they were forwarded to. Both are its own: never shown to another party.

CREATE TABLE proposal (
    id uuid PRIMARY KEY,
    series text NOT NULL,
    party text NOT NULL,
    edition integer,
    title text NOT NULL,
    kind text NOT NULL,
    purpose text NOT NULL,
    minutes integer NOT NULL,
    leads jsonb NOT NULL,
    commitments text[] NOT NULL,
    theme text NOT NULL,
    marking text NOT NULL,
    rationale text NOT NULL,
    state text NOT NULL,
    version integer NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    draft_id uuid REFERENCES draft,
    item_id uuid UNIQUE,
    CHECK ((draft_id IS NULL) = (item_id IS NULL)),
    CHECK ((state = 'TAKEN') = (item_id IS NOT NULL))
);
CREATE INDEX proposal_by_series ON proposal (series, party, proposed_at, id);

CREATE TABLE proposal_reference (
    proposal_id uuid NOT NULL REFERENCES proposal,
    place integer NOT NULL,
    assessment_id uuid NOT NULL,
    revision integer NOT NULL,
    rendition text NOT NULL,
    mode text NOT NULL,
    PRIMARY KEY (proposal_id, assessment_id)
);

CREATE TABLE proposal_forward (
    from_id uuid NOT NULL REFERENCES proposal,
    to_id uuid PRIMARY KEY REFERENCES proposal
);
CREATE INDEX proposal_forward_by_origin ON proposal_forward (from_id);
