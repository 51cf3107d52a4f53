-- What is planned, held up, proposed and reviewed of an action, and what it waits for.

ALTER TABLE action
    ADD COLUMN reviewed_yearly boolean NOT NULL DEFAULT false,
    ADD COLUMN declined jsonb,
    ADD COLUMN blocked jsonb,
    ADD COLUMN reported_at timestamptz,
    ADD COLUMN plan jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN reviews jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN proposals jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN successor text NOT NULL DEFAULT '';
ALTER TABLE action
    ALTER COLUMN reviewed_yearly DROP DEFAULT,
    ALTER COLUMN plan DROP DEFAULT,
    ALTER COLUMN reviews DROP DEFAULT,
    ALTER COLUMN proposals DROP DEFAULT,
    ALTER COLUMN successor DROP DEFAULT;

CREATE TABLE action_dependency (
    action_id uuid NOT NULL REFERENCES action,
    depends_on uuid NOT NULL REFERENCES action,
    PRIMARY KEY (action_id, depends_on),
    CHECK (action_id <> depends_on)
);
CREATE INDEX action_dependency_by_target ON action_dependency (depends_on);
