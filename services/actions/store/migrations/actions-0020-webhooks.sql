-- How far each webhook endpoint has been told, and whether it is told more.

CREATE TABLE webhook (
    endpoint text PRIMARY KEY,
    token text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'DELIVERING',
    since timestamptz NOT NULL,
    why text NOT NULL DEFAULT '',
    delivered bigint NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    notices bigint NOT NULL DEFAULT 0,
    noticed jsonb NOT NULL DEFAULT '{}'
);
