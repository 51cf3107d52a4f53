-- What each party may read of every assessment, and in what order it was shown that. Made from the record by the
-- `views` process, and can be made again: an epoch is one making of it.

CREATE TABLE party_feed (
    party text PRIMARY KEY,
    epoch text NOT NULL,
    last_sequence bigint NOT NULL,
    forgotten_sequence bigint NOT NULL DEFAULT 0,
    basis text NOT NULL
);

-- rendition is null where the party may read nothing any more: the row then tells those who resume of that.
CREATE TABLE party_view (
    party text NOT NULL,
    assessment_id uuid NOT NULL,
    sequence bigint NOT NULL,
    digest text NOT NULL,
    rendition text,
    revision integer NOT NULL,
    state text NOT NULL,
    published_at timestamptz NOT NULL,
    facts text[] NOT NULL,
    words tsvector NOT NULL,
    shown_at timestamptz NOT NULL,
    PRIMARY KEY (party, assessment_id)
);
CREATE UNIQUE INDEX party_view_by_sequence ON party_view (party, sequence);
CREATE INDEX party_view_by_publication ON party_view (party, published_at DESC, assessment_id DESC)
    WHERE rendition IS NOT NULL;
CREATE INDEX party_view_by_words ON party_view USING gin (words);
CREATE INDEX party_view_by_facts ON party_view USING gin (facts);
CREATE INDEX party_view_gone ON party_view (shown_at) WHERE rendition IS NULL;

-- A view is made again when a source of its text changes, and when time alone changes what may be read.
CREATE TABLE view_source (
    source_id uuid NOT NULL,
    assessment_id uuid NOT NULL,
    PRIMARY KEY (source_id, assessment_id)
);
CREATE TABLE view_due (
    assessment_id uuid PRIMARY KEY,
    due_at timestamptz NOT NULL
);
CREATE INDEX view_due_by_time ON view_due (due_at);
