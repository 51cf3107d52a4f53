-- Requests to originators for their consent, with the answers. `request_message` and `answer_message` are
-- the canonical forms of what crosses between the parties.
CREATE TABLE clearance (
    clearance_id uuid PRIMARY KEY,
    assessment_id uuid NOT NULL,
    revision integer NOT NULL,
    rendition text NOT NULL,
    party text NOT NULL,
    mode text NOT NULL,
    series text NOT NULL,
    meeting_id uuid,
    meeting_starts_at timestamptz,
    meeting_ends_at timestamptz,
    agency text NOT NULL,
    originator text NOT NULL,
    reason text NOT NULL,
    asked_by text NOT NULL,
    asked_by_party text NOT NULL,
    asked_by_organisation text NOT NULL,
    asked_at timestamptz NOT NULL,
    needed_by timestamptz NOT NULL,
    state text NOT NULL,
    closed_by text,
    closed_at timestamptz,
    closing_words text,
    consent_id uuid,
    tear_line_text text,
    tear_line_marking text,
    next_reminder_at timestamptz,
    reminded_at timestamptz,
    request_message text NOT NULL,
    answer_message text,
    aggregate_version bigint NOT NULL
);
CREATE UNIQUE INDEX clearance_open ON clearance (
    asked_by_party, series, originator, assessment_id, revision, rendition, party, mode,
    coalesce(meeting_id, '00000000-0000-0000-0000-000000000000'::uuid)
) WHERE state = 'OPEN';
CREATE INDEX clearance_by_originator ON clearance (originator, needed_by, clearance_id);
CREATE INDEX clearance_by_asker ON clearance (asked_by_party, series, needed_by, clearance_id);
CREATE INDEX clearance_by_reminder ON clearance (next_reminder_at) WHERE state = 'OPEN';
CREATE INDEX clearance_by_end ON clearance (meeting_ends_at) WHERE state = 'OPEN';
