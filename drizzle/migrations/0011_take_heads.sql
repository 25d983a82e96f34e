-- By hand: takes the next positions of users, and returns the users' numbers and heads, both in the order of their ids.
--
-- The ids come sorted, and all statements lock rows in that order, so two of them cannot deadlock. New users are inserted first. A
-- batch that meets another's new user waits there, before it holds the row of a known one. INSERT … ON CONFLICT would write a lock
-- of its own into the log for each row that exists, beside the update.
-- Hash and merge joins are off, because only a nested loop updates the rows in the order of the ids.
-- "gate" is not read: passing it makes the call wait for the gate's row.
CREATE FUNCTION take_heads(gate integer, ids text[], added integer[], OUT numbers integer[], OUT heads integer[])
LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $take$
BEGIN
	INSERT INTO user_heads (user_id, user_no, head)
	SELECT u.id, nextval('user_no'), 0 FROM unnest(ids) WITH ORDINALITY u (id, place)
	WHERE NOT EXISTS (SELECT FROM user_heads k WHERE k.user_id = u.id) ORDER BY u.place
	ON CONFLICT (user_id) DO NOTHING;
	WITH taken AS (
		UPDATE user_heads h SET head = h.head + u.added FROM unnest(ids, take_heads.added) u (id, added)
		WHERE h.user_id = u.id RETURNING h.user_id, h.user_no, h.head)
	SELECT array_agg(t.user_no ORDER BY t.user_id), array_agg(t.head ORDER BY t.user_id) INTO numbers, heads FROM taken t;
END $take$;
