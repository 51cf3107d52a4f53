-- Why a decision is made anew where the policy is the same; and the decisions on a text, which its sources change.
ALTER TABLE decided_text ADD COLUMN due_cause text;
CREATE INDEX decided_text_by_text ON decided_text (assessment_id);
