-- What came over each feed, by hour. A row is written by one consumer only, that of its partition, so that
-- partitions of one agency never wait for each other.

CREATE TABLE feed_hour (
    agency text NOT NULL,
    part integer NOT NULL,
    hour timestamptz NOT NULL,
    submissions bigint NOT NULL,
    taken bigint NOT NULL,
    unchanged bigint NOT NULL,
    rejected bigint NOT NULL,
    last_seen timestamptz NOT NULL,
    PRIMARY KEY (agency, part, hour)
);
CREATE INDEX feed_hour_by_time ON feed_hour (agency, hour DESC);

CREATE TABLE feed_reject (
    agency text NOT NULL,
    part integer NOT NULL,
    hour timestamptz NOT NULL,
    reason text NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (agency, hour, part, reason)
);
