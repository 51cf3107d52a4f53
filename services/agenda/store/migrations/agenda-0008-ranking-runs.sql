-- The rankings that a party had made for its draft: each subject's score in ten-thousandths of a point. None is ever
-- changed, so that what a planning rested on can be read later.

CREATE TABLE draft_ranking_run (
    draft_id uuid NOT NULL REFERENCES draft,
    number integer NOT NULL,
    as_of date NOT NULL,
    weights_version text NOT NULL,
    picture_as_of text NOT NULL,
    complete boolean NOT NULL,
    scores jsonb NOT NULL,
    ranked_by text NOT NULL,
    ranked_at timestamptz NOT NULL,
    PRIMARY KEY (draft_id, number)
);

-- A worth of 100 was what an item had of which nobody had said anything.
UPDATE draft_planning SET document = jsonb_set(
    document,
    '{items}',
    (
        SELECT coalesce(
            jsonb_agg(
                CASE WHEN item -> 'worth' = '100'::jsonb THEN jsonb_set(item, '{worth}', 'null') ELSE item END
                ORDER BY place
            ),
            '[]'
        )
        FROM jsonb_array_elements(document -> 'items') WITH ORDINALITY AS entry (item, place)
    )
);
