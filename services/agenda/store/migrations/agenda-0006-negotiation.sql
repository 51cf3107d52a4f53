-- Items keep their identity in every party's draft; answers to items; what changed from one draft to the next.

ALTER TABLE draft_reference DROP CONSTRAINT draft_reference_item_id_fkey;
ALTER TABLE draft_reference DROP CONSTRAINT draft_reference_pkey;
ALTER TABLE draft_item DROP CONSTRAINT draft_item_pkey;
ALTER TABLE draft_item ADD PRIMARY KEY (draft_id, id);
CREATE INDEX draft_item_by_id ON draft_item (id);
ALTER TABLE draft_reference ADD COLUMN draft_id uuid;
UPDATE draft_reference SET draft_id = draft_item.draft_id FROM draft_item
WHERE draft_item.id = draft_reference.item_id;
ALTER TABLE draft_reference
    ALTER COLUMN draft_id SET NOT NULL,
    ADD PRIMARY KEY (draft_id, item_id, assessment_id),
    ADD FOREIGN KEY (draft_id, item_id) REFERENCES draft_item (draft_id, id) ON DELETE CASCADE;

-- Only ever added to: of a party's answers to an item, the one of the highest aggregate_version holds. No
-- payload where the acceptance lies in having tabled the item.
CREATE TABLE item_answer (
    agenda_id uuid NOT NULL,
    item_id uuid NOT NULL,
    party text NOT NULL,
    aggregate_version bigint NOT NULL,
    answer text NOT NULL,
    comment text NOT NULL,
    title text NOT NULL,
    minutes integer,
    place integer,
    marking text NOT NULL,
    item_hash text NOT NULL,
    organisation text NOT NULL,
    official text NOT NULL,
    since_version integer NOT NULL,
    given_at timestamptz NOT NULL,
    type text,
    payload bytea,
    PRIMARY KEY (agenda_id, item_id, party, aggregate_version),
    FOREIGN KEY (agenda_id, item_id) REFERENCES agenda_item
);
INSERT INTO item_answer
SELECT agenda.id, item.item_id, agenda.tabled_by, 1, 'ACCEPTED', '', '', NULL, NULL, '', '', '', '',
       agenda.version, agenda.tabled_at, NULL, NULL
FROM agenda JOIN agenda_item AS item ON item.agenda_id = agenda.id;

-- What each version of a draft changed of the one before, for its own party.
CREATE TABLE draft_change (
    draft_id uuid NOT NULL REFERENCES draft,
    version integer NOT NULL,
    place integer NOT NULL,
    item_id uuid NOT NULL,
    kind text NOT NULL,
    fields text[] NOT NULL,
    official text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (draft_id, version, place)
);
