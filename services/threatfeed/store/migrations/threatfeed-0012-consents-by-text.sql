-- Whoever reads outside meetings asks for the consents of a few texts.
CREATE INDEX consent_by_text ON consent (assessment_id) WHERE state = 'STANDING' AND meeting_id IS NULL;
