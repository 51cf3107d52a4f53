-- What operators deny. A denial that was lifted stays, for the record.
CREATE TABLE source_denial (
    denial_id uuid PRIMARY KEY,
    kind text NOT NULL,
    agency text NOT NULL,
    value text NOT NULL,
    reason text NOT NULL,
    denied_by text NOT NULL,
    denied_at timestamptz NOT NULL,
    lifted_by text,
    lifted_at timestamptz,
    lift_reason text,
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lift_reason IS NULL))
);
CREATE UNIQUE INDEX source_denial_in_force ON source_denial (kind, agency, value) WHERE lifted_at IS NULL;
CREATE INDEX source_denial_by_time ON source_denial (denied_at DESC, denial_id DESC);

-- Those in force, as one row that every batch reads and holds until it is stored: what is denied is in no
-- later batch.
CREATE TABLE deny_list (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    in_force text NOT NULL
);
INSERT INTO deny_list (in_force) VALUES ('[]');
