-- A party's own planning of its draft, and the items that its last solution had no room for.

CREATE TABLE draft_planning (
    draft_id uuid PRIMARY KEY REFERENCES draft,
    version integer NOT NULL,
    document jsonb NOT NULL
);

CREATE TABLE draft_parked (
    draft_id uuid NOT NULL REFERENCES draft,
    place integer NOT NULL,
    item_id uuid NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (draft_id, item_id)
);
