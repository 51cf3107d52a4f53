-- When an action that has ended was archived; from when to when it was, beside how it stood.

ALTER TABLE action ADD COLUMN archived_on date;
ALTER TABLE action_span ADD COLUMN archived boolean NOT NULL DEFAULT false;
ALTER TABLE action_span ALTER COLUMN archived DROP DEFAULT;

-- What may have to be archived is looked for every minute.
CREATE INDEX action_to_archive ON action (changed_at) WHERE archived_on IS NULL;
