-- What is wrong with actions, who was told of it, and when the scheduler that tells them last ran.

CREATE TABLE escalation_episode (
    action_id uuid NOT NULL REFERENCES action,
    trigger text NOT NULL,
    number integer NOT NULL,
    party text NOT NULL DEFAULT '',
    key text NOT NULL,
    since date NOT NULL,
    begun_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (action_id, trigger, number)
);
CREATE UNIQUE INDEX escalation_episode_open ON escalation_episode (action_id, trigger, party)
    WHERE ended_at IS NULL;

CREATE TABLE escalation_notice (
    id uuid PRIMARY KEY,
    action_id uuid NOT NULL,
    series text NOT NULL,
    trigger text NOT NULL,
    episode integer NOT NULL,
    party text NOT NULL,
    step text NOT NULL,
    role text NOT NULL,
    bodies text[] NOT NULL,
    sent_on date NOT NULL,
    sent_at timestamptz NOT NULL,
    acknowledged_by text,
    acknowledged_for text,
    acknowledged_at timestamptz,
    UNIQUE (action_id, trigger, episode, party, step),
    FOREIGN KEY (action_id, trigger, episode) REFERENCES escalation_episode,
    CHECK (num_nulls(acknowledged_by, acknowledged_for, acknowledged_at) IN (0, 3))
);
CREATE INDEX escalation_notice_by_addressee ON escalation_notice (series, party, sent_at, id);

CREATE TABLE scheduler_heartbeat (
    name text PRIMARY KEY,
    successes bigint NOT NULL,
    last_run_at timestamptz NOT NULL,
    last_success_at timestamptz,
    next_due_at timestamptz NOT NULL
);
