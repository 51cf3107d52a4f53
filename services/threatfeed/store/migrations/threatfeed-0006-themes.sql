-- The rules that assigned the themes of an assessment as it stands, the rules that are applied, runs that apply
-- other ones, and what people decided by hand.

ALTER TABLE assessment
    ADD COLUMN theme_rules text[] NOT NULL DEFAULT '{}',
    ADD COLUMN rules_version text NOT NULL DEFAULT '',
    ADD COLUMN line_themes text[],
    ADD COLUMN line_theme_rules text[];

UPDATE assessment SET theme_rules = coalesce(
    (
        SELECT array_agg(entry.theme ->> 'rule_id' ORDER BY entry.place)
        FROM assessment_revision
        CROSS JOIN LATERAL json_array_elements(document -> 'themes') WITH ORDINALITY AS entry (theme, place)
        WHERE assessment_revision.assessment_id = assessment.assessment_id
          AND assessment_revision.revision = assessment.revision
    ),
    '{}'
)
WHERE themes <> '{}';

-- The themes of its own words were not kept apart before: a tear line has none until it is revised.
UPDATE assessment SET line_themes = '{}', line_theme_rules = '{}'
FROM assessment_revision
WHERE assessment_revision.assessment_id = assessment.assessment_id
  AND assessment_revision.revision = assessment.revision
  AND json_array_length(document -> 'tear_lines') > 0;

CREATE TABLE theme_rules (
    version text PRIMARY KEY,
    document json NOT NULL,
    stored_at timestamptz NOT NULL
);

-- One row: the version by which everything that arrives is matched. Whoever ingests holds it in share mode, so that
-- nothing is matched by the version before once another one is applied.
CREATE TABLE theme_rules_applied (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version text NOT NULL REFERENCES theme_rules,
    applied_at timestamptz NOT NULL
);

CREATE TABLE theme_rules_run (
    run_id uuid PRIMARY KEY,
    version text NOT NULL REFERENCES theme_rules,
    replaces text NOT NULL REFERENCES theme_rules,
    state text NOT NULL,
    requested_by text NOT NULL,
    party text NOT NULL,
    requested_at timestamptz NOT NULL,
    reached uuid,
    examined bigint NOT NULL DEFAULT 0,
    changed bigint NOT NULL DEFAULT 0,
    finished_at timestamptz
);
CREATE UNIQUE INDEX theme_rules_run_unfinished ON theme_rules_run ((true)) WHERE state <> 'DONE';

CREATE TABLE theme_decisions (
    series text NOT NULL,
    party text NOT NULL,
    assessment_id uuid NOT NULL,
    version bigint NOT NULL,
    decisions jsonb NOT NULL,
    assigned text[] NOT NULL,
    removed text[] NOT NULL,
    PRIMARY KEY (series, party, assessment_id)
);

-- What triage looks through: few of all that is held. Who gets a tear line sees the themes of its words alone.
CREATE INDEX assessment_for_triage ON assessment (published_at, assessment_id)
    WHERE state = 'ACTIVE' AND (themes = '{}' OR line_themes = '{}');
