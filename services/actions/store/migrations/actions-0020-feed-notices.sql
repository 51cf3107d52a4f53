-- What the readers of each audience's topic were last told about the feed itself.

CREATE TABLE feed_notice (
    audience text NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    since timestamptz NOT NULL,
    rounds bigint NOT NULL,
    PRIMARY KEY (audience, name)
);
