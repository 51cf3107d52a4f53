-- What a consumer under test has applied. Without a unique key, so that a double shows.

CREATE TABLE applied (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    part integer NOT NULL,
    position bigint NOT NULL,
    content text NOT NULL
);

CREATE TABLE aggregate (
    key text PRIMARY KEY,
    version integer NOT NULL
);
