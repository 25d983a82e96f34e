-- By hand: a stored message as text, for people with psql. The app reads messages without it. Bytes that are no text, as those of a
-- signal batch, are shown in hexadecimal digits. The phrases are those of lib/adapters/postgres/codec/shorthand.ts.
CREATE FUNCTION message_text(kept bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 AS $text$
DECLARE
	codes constant bytea := '\x01020304050607080b0c0e0f101112131415161718191a1b1c1d1e1fc0c1f5f6f7f8';
	phrases constant text[] := ARRAY[
		'{"hcs":"21","v":"1.0","type":', ',"from":"tm-', ',"from":"', '","nonce":', ',"ts":17', ',"payload":{"target":"tm-',
		',"payload":{"target":"', '","handle":"', '","message":"', '","request_nonce":', '","weight":1,"category":"', '","note":"',
		'","recognitionId":"', '"}}', '{"type":"CONTACT_REQUEST","from":"', '{"type":"CONTACT_ACCEPT","from":"',
		'{"type":"TRUST_ALLOCATE","from":"', '{"type":"TRUST_REVOKE","from":"', '{"type":"PROFILE_UPDATE","from":"',
		'{"type":"RECOGNITION_MINT","from":"', ',"payload":{"actor":"', '","target":"', '{"type":"', '","actor":"',
		'"displayName":"', '","bio":"', '","hrl":"hrl:tm/', '{"kind":"RECOGNITION_MINT","recognitionId":"', '","owner":"',
		'{"acct":"', '"},"to":{"acct":"', '","to":"', ',"ts":18', 'tm-'];
	message bytea := '';
	place integer;
BEGIN
	IF substr(kept, 1, 1) = '\x00' THEN
		message := substr(kept, 2);
	ELSE
		FOR i IN 1 .. length(kept) LOOP
			place := position(substr(kept, i, 1) IN codes);
			message := message || CASE WHEN place = 0 THEN substr(kept, i, 1) ELSE convert_to(phrases[place], 'UTF8') END;
		END LOOP;
	END IF;
	RETURN convert_from(message, 'UTF8');
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
	RETURN '\x' || encode(message, 'hex');
END $text$;--> statement-breakpoint
-- By hand: the messages that are not packed yet, for people with psql (docs/operations.md).
CREATE VIEW recent_messages AS
SELECT t.topic_id, l.ref & ((1::bigint << 40) - 1) AS sequence, to_timestamp(l.consensus_ns / 1e9) AS consensus_time, l.payer,
	(ARRAY['verified', 'unverifiable', 'failed'])[l.verification + 1] AS verification,
	(ARRAY['signal', 'part', 'undecodable', 'untrusted', 'failed', 'unproven'])[l.disposition + 1] AS disposition, l.reason,
	message_text(coalesce(l.body, l.message)) AS message, l.ref
FROM topic_log l JOIN topics t ON t.topic_no = (l.ref >> 40)::integer;
