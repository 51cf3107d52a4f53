-- What evidence the closure of an action is to rest on, what answers it, and up to when it was noted what
-- expired.

ALTER TABLE action
    ADD COLUMN expected jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN expiries_noted_on date;
ALTER TABLE action ALTER COLUMN expected DROP DEFAULT;

ALTER TABLE evidence ADD COLUMN answers uuid[] NOT NULL DEFAULT '{}';
ALTER TABLE evidence ALTER COLUMN answers DROP DEFAULT;
CREATE INDEX evidence_by_expiry ON evidence (expires_on) WHERE expires_on IS NOT NULL;
