-- When an action was last taken up again after it had been closed: it has its time anew from then on.
ALTER TABLE action ADD COLUMN reopened_at timestamptz;

-- What nothing has become of for long is looked for by every round of escalation.
CREATE INDEX action_by_change ON action (changed_at);
