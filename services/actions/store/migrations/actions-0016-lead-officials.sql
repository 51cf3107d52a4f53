-- Who leads the work on an action for each owning party.

ALTER TABLE action ADD COLUMN lead_officials jsonb NOT NULL DEFAULT '[]';
ALTER TABLE action ALTER COLUMN lead_officials DROP DEFAULT;
CREATE INDEX action_led ON action (series) WHERE lead_officials <> '[]';
