ALTER TABLE "meta" ADD COLUMN "droppable_ms" bigint;--> statement-breakpoint
ALTER TABLE "meta" ADD COLUMN "swept_through" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "meta" ADD COLUMN "swept_user" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "topics" ADD COLUMN "dropped_through" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "topics" ADD COLUMN "dropped_ns" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "topics" ADD COLUMN "dropped_hash" "bytea";--> statement-breakpoint
ALTER TABLE "user_heads" ADD COLUMN "dropped_ns" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "user_heads" ADD COLUMN "dropped_n" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
-- By hand: whether the message of a ref was dropped. One that has come anew since then is there until it is dropped again.
CREATE FUNCTION is_dropped(ref bigint) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $dropped$
SELECT EXISTS (SELECT FROM topics t
	WHERE t.topic_no = (is_dropped.ref >> 40)::integer AND is_dropped.ref & ((1::bigint << 40) - 1) <= t.dropped_through
		AND NOT EXISTS (SELECT FROM topic_log l WHERE l.ref = is_dropped.ref)
		AND NOT EXISTS (SELECT FROM topic_segments s WHERE s.topic_no = t.topic_no
			AND s.first_seq = ((is_dropped.ref & ((1::bigint << 40) - 1)) - 1) / 256 * 256 + 1
			AND get_bit(s.held, (((is_dropped.ref & ((1::bigint << 40) - 1)) - 1) % 256)::integer) = 1))
$dropped$;--> statement-breakpoint
-- By hand: drops the rows of dropped messages, of the next people after those that were looked at since messages were dropped last. It
-- takes some segments at most: a person with more is looked at again. A segment that also has rows of messages that are kept gives
-- those back to hcs_messages, where packing finds them later: else the two would undo each other's work. A damaged segment goes
-- too. Positions stay as they are.
--
-- It holds the lock of pack_rows (migration 0013), and takes the heads in the order of commits.
CREATE FUNCTION drop_old_rows(now_ns bigint, people integer, segments integer, format integer,
	OUT looked integer, OUT dropped integer)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $old$
DECLARE
	through bigint;
	until_ns bigint;
	after integer;
	persons integer[];
	person integer;
	s user_segments;
	gone integer;
	last_n integer;
	last_ns bigint;
	opened integer;
BEGIN
	LOCK TABLE user_segments IN EXCLUSIVE MODE;
	looked := 0;
	dropped := 0;
	-- A topic that starts over, or is folded again, may name anybody.
	IF EXISTS (SELECT FROM topics t WHERE t.projected IS NOT NULL) THEN RETURN; END IF;
	SELECT sum(t.dropped_through), max(t.dropped_ns) INTO through, until_ns FROM topics t;
	IF coalesce(through, 0) = 0 THEN RETURN; END IF;
	SELECT CASE WHEN m.swept_through = through THEN m.swept_user ELSE 0 END INTO after FROM meta m;
	SELECT array_agg(h.user_no ORDER BY h.user_no) INTO persons
	FROM (SELECT k.user_no FROM user_heads k WHERE k.user_no > after ORDER BY k.user_no LIMIT people) h;
	IF persons IS NULL THEN RETURN; END IF;
	PERFORM FROM user_heads h WHERE h.user_no = ANY (persons) ORDER BY h.user_id FOR UPDATE;
	opened := 0;
	FOREACH person IN ARRAY persons LOOP
		LOOP
			SELECT * INTO s FROM user_segments k WHERE k.user_no = person AND k.last_ns <= until_ns
				AND (digest_of(k) IS DISTINCT FROM k.digest OR EXISTS (SELECT FROM unnest(k.kind_refs) r (ref) JOIN topics t
					ON t.topic_no = (r.ref >> 40)::integer WHERE r.ref & ((1::bigint << 40) - 1) <= t.dropped_through))
			ORDER BY k.first_n LIMIT 1;
			EXIT WHEN NOT FOUND OR opened = segments;
			opened := opened + 1;
			IF digest_of(s) = s.digest THEN
				WITH every AS MATERIALIZED (SELECT r.*, is_dropped(r.ref) AS is_gone FROM rows_in(s) r),
				kept AS (INSERT INTO hcs_messages SELECT o.consensus_ns, o.ref, o.user_no, o.n, o.peer_no, o.type_no, o.flags, o.type_name
					FROM every o WHERE NOT o.is_gone)
				SELECT count(*), max(o.n), max(o.consensus_ns) INTO gone, last_n, last_ns FROM every o WHERE o.is_gone;
			ELSE
				gone := s.rows;
				last_n := s.last_n;
				last_ns := s.last_ns;
			END IF;
			DELETE FROM user_segments k WHERE k.user_no = person AND k.first_n = s.first_n;
			UPDATE user_heads h SET dropped_n = greatest(h.dropped_n, last_n), dropped_ns = greatest(h.dropped_ns, last_ns),
				due_ns = greatest(h.due_ns, now_ns),
				packed_ns = coalesce((SELECT max(k.last_ns) FROM user_segments k WHERE k.user_no = person), 0)
			WHERE h.user_no = person;
			dropped := dropped + gone;
		END LOOP;
		EXIT WHEN FOUND;
		WITH old AS (
			DELETE FROM hcs_messages m WHERE m.user_no = person AND m.consensus_ns <= until_ns AND is_dropped(m.ref)
			RETURNING m.n, m.consensus_ns)
		SELECT count(*), max(o.n), max(o.consensus_ns) INTO gone, last_n, last_ns FROM old o;
		IF gone > 0 THEN
			UPDATE user_heads h SET dropped_n = greatest(h.dropped_n, last_n), dropped_ns = greatest(h.dropped_ns, last_ns)
			WHERE h.user_no = person;
			dropped := dropped + gone;
		END IF;
		looked := looked + 1;
		after := person;
	END LOOP;
	-- A step that could not end its first person has looked at somebody all the same.
	looked := greatest(looked, 1);
	UPDATE meta m SET swept_through = through, swept_user = after,
		format = CASE WHEN dropped > 0 THEN greatest(m.format, drop_old_rows.format) ELSE m.format END;
END $old$;--> statement-breakpoint
-- By hand: as in migration 0013. Positions through "dropped_n" are no longer looked for, so it follows too.
CREATE OR REPLACE FUNCTION drop_rows(people integer[], times bigint[]) RETURNS void LANGUAGE plpgsql AS $drop$
DECLARE
	owners integer[];
	positions integer[];
BEGIN
	LOCK TABLE user_segments IN EXCLUSIVE MODE;
	-- First the rows that go, wherever they are packed. Their positions tell which other segments have one of them in between.
	PERFORM unpack_rows(array_agg(s.user_no), array_agg(s.first_n)) FROM user_segments s
	WHERE s.user_no = ANY (people) AND EXISTS (
		SELECT FROM unnest(people, times) x (person, ns) WHERE x.person = s.user_no AND x.ns BETWEEN s.first_ns AND s.last_ns);
	WITH gone AS (
		DELETE FROM hcs_messages m USING unnest(people, times) x (person, ns) WHERE m.user_no = x.person AND m.consensus_ns = x.ns
		RETURNING m.user_no, m.n)
	SELECT array_agg(g.user_no), array_agg(g.n) INTO owners, positions FROM gone g;
	PERFORM unpack_rows(array_agg(s.user_no), array_agg(s.first_n)) FROM user_segments s
	WHERE s.user_no = ANY (owners) AND EXISTS (
		SELECT FROM unnest(owners, positions) g (person, n) WHERE g.person = s.user_no AND g.n BETWEEN s.first_n AND s.last_n);
	UPDATE hcs_messages m SET n = m.n - later.by FROM (
		SELECT a.user_no, a.ns, a.is_gone, sum(a.is_gone) OVER (PARTITION BY a.user_no ORDER BY a.n) AS by FROM (
			SELECT k.user_no, k.consensus_ns AS ns, k.n, 0 AS is_gone FROM hcs_messages k WHERE k.user_no = ANY (owners)
			UNION ALL SELECT g.person, NULL, g.n, 1 FROM unnest(owners, positions) g (person, n)) a) later
	WHERE later.is_gone = 0 AND later.by > 0 AND m.user_no = later.user_no AND m.consensus_ns = later.ns;
	-- By way of negative positions, because two segments must never begin at the same one. Only a damaged segment still has rows that
	-- go in between.
	UPDATE user_segments s SET first_n = later.before - s.first_n, last_n = s.last_n - later.by FROM (
		SELECT k.user_no, k.first_n, count(*) FILTER (WHERE k.first_n > g.n) AS before, count(*) AS by FROM unnest(owners, positions) g (person, n)
		JOIN user_segments k ON k.user_no = g.person AND k.last_n > g.n GROUP BY k.user_no, k.first_n) later
	WHERE s.user_no = later.user_no AND s.first_n = later.first_n;
	UPDATE user_segments s SET first_n = -s.first_n WHERE s.user_no = ANY (owners) AND s.first_n < 0;
	UPDATE user_heads h SET head = h.head - gone.n, dropped_n = h.dropped_n - gone.below FROM (
		SELECT k.user_no, count(*) AS n, count(*) FILTER (WHERE g.n < k.dropped_n) AS below
		FROM unnest(owners, positions) g (person, n) JOIN user_heads k ON k.user_no = g.person GROUP BY k.user_no) gone
	WHERE h.user_no = gone.user_no;
END $drop$;
