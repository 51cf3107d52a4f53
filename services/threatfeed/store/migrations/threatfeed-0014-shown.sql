-- What was added to a party's order after a moment, for those who come back with one.
CREATE INDEX party_view_by_showing ON party_view (party, shown_at);
