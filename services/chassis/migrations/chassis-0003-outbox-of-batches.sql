-- A row of the outbox holds many events: those that differ in nothing but key, id, subject and data.

ALTER TABLE outbox
    ADD COLUMN keys bytea[],
    ADD COLUMN ids text[],
    ADD COLUMN subjects text[],
    ADD COLUMN data bytea[],
    ADD COLUMN size integer;
UPDATE outbox SET
    keys = ARRAY[key],
    ids = ARRAY[headers ->> 'ce_id'],
    subjects = ARRAY[headers ->> 'ce_subject'],
    data = ARRAY[value],
    size = length(key) + length(value) + length(headers::text),
    headers = (headers::jsonb - 'ce_id' - 'ce_subject')::json;
ALTER TABLE outbox
    DROP COLUMN key,
    DROP COLUMN value,
    ALTER COLUMN keys SET NOT NULL,
    ALTER COLUMN ids SET NOT NULL,
    ALTER COLUMN subjects SET NOT NULL,
    ALTER COLUMN data SET NOT NULL,
    ALTER COLUMN size SET NOT NULL,
    -- These rows live for a moment: to compress them costs more than it saves.
    ALTER COLUMN keys SET STORAGE EXTERNAL,
    ALTER COLUMN ids SET STORAGE EXTERNAL,
    ALTER COLUMN subjects SET STORAGE EXTERNAL,
    ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE outbox SET (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    toast.autovacuum_vacuum_scale_factor = 0,
    toast.autovacuum_vacuum_threshold = 20000
);
