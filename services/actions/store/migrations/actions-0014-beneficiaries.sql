-- Whom an action is for.

ALTER TABLE action ADD COLUMN beneficiaries text[] NOT NULL DEFAULT '{}';
ALTER TABLE action ALTER COLUMN beneficiaries DROP DEFAULT;
