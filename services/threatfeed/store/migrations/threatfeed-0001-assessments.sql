-- Assessments as they stand, every revision that was published, and the decisions on their release.

CREATE TABLE assessment (
    assessment_id uuid PRIMARY KEY,
    agency text NOT NULL,
    party text NOT NULL,
    object_id text NOT NULL,
    state text NOT NULL,
    revision integer NOT NULL,
    version_scheme text,
    version_ordinal bigint,
    version_text text,
    published_at timestamptz,
    themes text[] NOT NULL,
    aggregate_version bigint NOT NULL,
    traceparent text,
    changed_at timestamptz NOT NULL
);
CREATE INDEX assessment_by_publication ON assessment (published_at DESC, assessment_id)
    WHERE state = 'ACTIVE';

CREATE TABLE assessment_revision (
    assessment_id uuid NOT NULL,
    version_scheme text NOT NULL,
    version_ordinal bigint NOT NULL,
    revision integer,
    content_sha256 text NOT NULL,
    document json NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (assessment_id, version_scheme, version_ordinal)
);
CREATE UNIQUE INDEX assessment_revision_by_number ON assessment_revision (assessment_id, revision)
    WHERE revision IS NOT NULL;

CREATE TABLE releasability_decision (
    decision_id uuid PRIMARY KEY,
    assessment_id uuid NOT NULL,
    revision integer NOT NULL,
    party text NOT NULL,
    allowed boolean NOT NULL,
    document jsonb NOT NULL,
    meeting_id text NOT NULL,
    evaluated_at timestamptz NOT NULL
);
CREATE INDEX releasability_decision_by_text ON releasability_decision (assessment_id, revision);
