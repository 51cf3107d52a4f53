-- A catalogue, whose entries have no versions of their own, is compared with what stands of it.
CREATE INDEX assessment_by_object ON assessment (agency, object_id text_pattern_ops) WHERE state = 'ACTIVE';
