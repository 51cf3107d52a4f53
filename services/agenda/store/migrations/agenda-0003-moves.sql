-- Meetings move, hang under an edition, and have a T-minus plan for each date they have had.

ALTER TABLE meeting
    ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC',
    ADD COLUMN moves integer NOT NULL DEFAULT 0,
    ADD COLUMN level text NOT NULL DEFAULT 'EDITION',
    ADD COLUMN parent uuid REFERENCES meeting,
    ADD CHECK ((parent IS NOT NULL) = (level <> 'EDITION'));
ALTER TABLE meeting DROP CONSTRAINT meeting_series_edition_key;
CREATE UNIQUE INDEX meeting_of_edition ON meeting (series, edition) WHERE parent IS NULL;
CREATE INDEX meeting_by_series ON meeting (series);

-- One row for each date a meeting has had or lost, only ever added to; `number` is `moves` of the meeting.
CREATE TABLE meeting_move (
    meeting_id uuid NOT NULL REFERENCES meeting,
    number integer NOT NULL,
    command text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    time_zone text NOT NULL,
    venue text NOT NULL,
    reason text NOT NULL,
    moved_by text NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (meeting_id, number)
);

CREATE TABLE meeting_deadline (
    meeting_id uuid NOT NULL,
    number integer NOT NULL,
    place integer NOT NULL,
    name text NOT NULL,
    step text,
    nominal date NOT NULL,
    due date NOT NULL,
    PRIMARY KEY (meeting_id, number, place),
    FOREIGN KEY (meeting_id, number) REFERENCES meeting_move
);
