-- A page of a list in each of its orders without sorting the whole series.

CREATE INDEX action_span_now_by_due_date ON action_span (series, due_date, reference) WHERE until_at IS NULL;
CREATE INDEX action_span_now_by_opening ON action_span (series, opened_at, reference) WHERE until_at IS NULL;
CREATE INDEX action_span_now_by_reference ON action_span (series, reference) WHERE until_at IS NULL;
