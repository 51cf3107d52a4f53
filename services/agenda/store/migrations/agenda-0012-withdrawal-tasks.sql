-- What secretariats have to do where something rests on a text that no longer stands. A task of an agenda or an
-- action is every party's, and each closes it for itself; `party` is set where only one party knows of it.
CREATE TABLE withdrawal_task (
    id uuid PRIMARY KEY,
    series text NOT NULL,
    party text,
    meeting_id uuid,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    item_id uuid,
    assessment_id uuid NOT NULL,
    revision integer NOT NULL,
    cause text NOT NULL,
    opened_at timestamptz NOT NULL,
    lapsed_at timestamptz
);
CREATE INDEX withdrawal_task_by_series ON withdrawal_task (series, opened_at DESC, id);
CREATE INDEX withdrawal_task_by_subject ON withdrawal_task (subject_id);

CREATE TABLE withdrawal_task_closing (
    task_id uuid NOT NULL REFERENCES withdrawal_task,
    party text NOT NULL,
    note text NOT NULL,
    official text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (task_id, party)
);
