-- Notices to delegations that were shown a text which they may no longer use, each with its one answer.
-- `notice_message` and `acknowledgement_message` are the canonical forms of what crosses between the parties.
CREATE TABLE withdrawal_notice (
    notice_id uuid PRIMARY KEY,
    series text NOT NULL,
    party text NOT NULL,
    assessment_id uuid NOT NULL,
    revision integer NOT NULL,
    rendition text NOT NULL,
    shown_at timestamptz NOT NULL,
    agency text NOT NULL,
    originator text NOT NULL,
    cause text NOT NULL,
    issued_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    state text NOT NULL,
    handling text,
    words text,
    acknowledged_by text,
    acknowledged_by_organisation text,
    acknowledged_at timestamptz,
    notice_message text NOT NULL,
    acknowledgement_message text,
    acknowledgement_jws text,
    aggregate_version bigint NOT NULL,
    CHECK ((state = 'ACKNOWLEDGED') = (acknowledged_at IS NOT NULL))
);
CREATE INDEX withdrawal_notice_by_text ON withdrawal_notice (assessment_id);
CREATE INDEX withdrawal_notice_by_recipient ON withdrawal_notice (series, party, issued_at DESC, notice_id DESC);
CREATE INDEX withdrawal_notice_by_originator ON withdrawal_notice (originator, issued_at DESC, notice_id DESC);

-- In which rendition a party was last shown the text; kept when the view is gone.
ALTER TABLE party_view ADD COLUMN held_rendition text;
UPDATE party_view SET held_rendition = rendition;
