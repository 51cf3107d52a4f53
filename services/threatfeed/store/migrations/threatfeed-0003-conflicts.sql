-- Every content that was published is kept, also a second one of the same version, of which a human decides.

ALTER TABLE assessment
    ADD COLUMN cause text,
    ADD COLUMN valid_until timestamptz,
    ADD COLUMN contested boolean NOT NULL DEFAULT false;
CREATE INDEX assessment_by_validity ON assessment (valid_until) WHERE state = 'ACTIVE' AND valid_until IS NOT NULL;

-- `alternative` counts the contents of one version. A catalogue's entry that stands as it did has no document.
ALTER TABLE assessment_revision
    ADD COLUMN alternative smallint NOT NULL DEFAULT 0,
    ADD COLUMN notice text,
    ADD COLUMN earlier_revisions integer[] NOT NULL DEFAULT '{}',
    ALTER COLUMN document DROP NOT NULL,
    DROP CONSTRAINT assessment_revision_pkey,
    ADD PRIMARY KEY (assessment_id, version_scheme, version_ordinal, alternative);

UPDATE assessment_revision SET notice = coalesce(document ->> 'cause', 'WITHDRAWN')
WHERE document ->> 'kind' = 'WITHDRAWAL';
UPDATE assessment SET valid_until = (document ->> 'valid_until')::timestamptz
FROM assessment_revision
WHERE assessment_revision.assessment_id = assessment.assessment_id
  AND assessment_revision.revision = assessment.revision;
UPDATE assessment SET cause = newest.notice,
    state = CASE newest.notice WHEN 'SUPERSEDED' THEN 'SUPERSEDED' ELSE 'WITHDRAWN' END
FROM (
    SELECT DISTINCT ON (assessment_id) assessment_id, notice FROM assessment_revision
    WHERE notice IS NOT NULL ORDER BY assessment_id, version_ordinal DESC
) AS newest
WHERE newest.assessment_id = assessment.assessment_id AND assessment.state = 'WITHDRAWN';

CREATE TABLE revision_conflict (
    conflict_id uuid PRIMARY KEY,
    assessment_id uuid NOT NULL,
    cause text NOT NULL,
    version_scheme text NOT NULL,
    version_ordinal bigint NOT NULL,
    version_text text NOT NULL,
    state text NOT NULL,
    opened_at timestamptz NOT NULL,
    chosen text,
    chosen_among text[] NOT NULL DEFAULT '{}',
    reason text,
    resolved_by text,
    resolved_at timestamptz,
    aggregate_version bigint NOT NULL
);
CREATE INDEX revision_conflict_by_assessment ON revision_conflict (assessment_id);
CREATE INDEX revision_conflict_by_age ON revision_conflict (state, opened_at, conflict_id);

-- Which entries each release of a catalogue lists; not complete where one of them cannot be told.
CREATE TABLE catalogue_release (
    agency text NOT NULL,
    version_ordinal bigint NOT NULL,
    version_text text NOT NULL,
    content_sha256 text NOT NULL,
    released_at timestamptz NOT NULL,
    listed text[] NOT NULL,
    complete boolean NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (agency, version_ordinal, content_sha256)
);

DROP INDEX assessment_by_object;
CREATE INDEX assessment_by_object ON assessment (agency, object_id text_pattern_ops)
    WHERE state IN ('ACTIVE', 'EXPIRED', 'CONFLICTED');
