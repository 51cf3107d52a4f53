-- What officials sign with their own keys: the detached JWS over `request_message` and over `answer_message`.
-- Requests and answers that were recorded before officials signed them stay as they are, without one.
ALTER TABLE clearance ADD COLUMN request_jws text, ADD COLUMN answer_jws text;
