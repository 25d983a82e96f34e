CREATE TABLE "user_segments" (
	"first_ns" bigint NOT NULL,
	"last_ns" bigint NOT NULL,
	"user_no" integer NOT NULL,
	"first_n" integer NOT NULL,
	"last_n" integer NOT NULL,
	"lowest_peer" integer NOT NULL,
	"rows" smallint NOT NULL,
	"position_bits" smallint NOT NULL,
	"kind_bits" smallint NOT NULL,
	"place_bits" smallint NOT NULL,
	"time_bits" smallint NOT NULL,
	"ref_bits" smallint NOT NULL,
	"peer_bits" smallint NOT NULL,
	"kind_refs" bigint[] NOT NULL,
	"kind_rows" smallint[] NOT NULL,
	"kind_types" smallint[] NOT NULL,
	"kind_flags" smallint[] NOT NULL,
	"kind_names" text[],
	"digest" "bytea" NOT NULL,
	"content" bit varying NOT NULL,
	CONSTRAINT "user_segments_pkey" PRIMARY KEY("user_no","first_n")
);
--> statement-breakpoint
ALTER TABLE "user_heads" ADD COLUMN "packed_ns" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "user_heads" ADD COLUMN "due_ns" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "user_heads_due" ON "user_heads" USING btree ("due_ns");--> statement-breakpoint
-- By hand: the content cannot be compressed.
ALTER TABLE "user_segments" ALTER COLUMN "content" SET STORAGE EXTERNAL;--> statement-breakpoint
-- By hand: a version that reads only packed messages may run beside this one for a day more.
UPDATE "meta" SET "packable_ms" = NULL;--> statement-breakpoint
-- By hand: how many bits a number from 0 takes.
CREATE FUNCTION bits_of(value bigint) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN length(ltrim(value::bit(64)::text, '0'))::smallint;--> statement-breakpoint
-- By hand: a number in so many bits.
CREATE FUNCTION in_bits(value bigint, width integer) RETURNS bit varying LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substring(value::bit(64) FROM 65 - width);--> statement-breakpoint
-- By hand: of all but the content, the person and the positions, which change when rows before them go. Names are hashed as UTF-8,
-- whatever the client's encoding is.
CREATE FUNCTION shape_digest_of(s user_segments) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
RETURN substring(sha256(record_send(ROW(s.first_ns, s.last_ns, s.lowest_peer, s.rows, s.position_bits, s.kind_bits, s.place_bits,
	s.time_bits, s.ref_bits, s.peer_bits, s.kind_refs, s.kind_rows, s.kind_types, s.kind_flags,
	convert_to(s.kind_names::text, 'UTF8')))) FOR 8);--> statement-breakpoint
-- By hand: that digest, and one of the content too.
CREATE FUNCTION digest_of(s user_segments) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
RETURN shape_digest_of(s) || substring(sha256(shape_digest_of(s) || varbit_send(s.content)) FOR 8);--> statement-breakpoint
-- By hand: the rows of a segment. Those of a damaged segment have the place of no message, so readers count them as unreadable rows.
-- The planner puts the text of this function, and that of the next one, into the statements that call it.
CREATE FUNCTION rows_in(s user_segments) RETURNS SETOF hcs_messages LANGUAGE sql STABLE ROWS 256 PARALLEL SAFE AS $rows$
SELECT coalesce(s.first_ns + x.ns, s.last_ns), coalesce(s.kind_refs[x.kind + 1] + x.ref, 0), s.user_no,
	s.first_n + i + coalesce(x.n, 0), nullif(x.peer, 0) - 1 + s.lowest_peer,
	coalesce(s.kind_types[x.kind + 1], 0::smallint), coalesce(s.kind_flags[x.kind + 1] + 32 * x.place, 0)::smallint, s.kind_names[x.kind + 1]
FROM (SELECT CASE WHEN digest_of(s) = s.digest THEN s.content || B'' END AS bits,
		s.kind_bits + s.position_bits AS place_at, s.kind_bits + s.position_bits + s.place_bits AS time_at,
		s.kind_bits + s.position_bits + s.place_bits + s.time_bits AS ref_at,
		s.kind_bits + s.position_bits + s.place_bits + s.time_bits + s.ref_bits AS peer_at,
		s.kind_bits + s.position_bits + s.place_bits + s.time_bits + s.ref_bits + s.peer_bits AS width OFFSET 0) c,
	generate_series(0, s.rows - 1) i,
	LATERAL (SELECT substring(c.bits FROM i * c.width + 1 FOR s.kind_bits)::integer AS kind,
		substring(c.bits FROM i * c.width + s.kind_bits + 1 FOR s.position_bits)::integer AS n,
		substring(c.bits FROM i * c.width + c.place_at + 1 FOR s.place_bits)::integer AS place,
		substring(c.bits FROM i * c.width + c.time_at + 1 FOR s.time_bits)::bigint AS ns,
		substring(c.bits FROM i * c.width + c.ref_at + 1 FOR s.ref_bits)::bigint AS ref,
		substring(c.bits FROM i * c.width + c.peer_at + 1 FOR s.peer_bits)::integer AS peer OFFSET 0) x
$rows$;--> statement-breakpoint
-- By hand: the kinds of rows in a segment, each as one row: "n" is how many there are, the time is the first one of the segment,
-- and the peer is nobody's number. A segment whose kinds are damaged has one kind of no rows, with the place of no message.
CREATE FUNCTION kinds_in(s user_segments) RETURNS SETOF hcs_messages LANGUAGE sql STABLE ROWS 20 PARALLEL SAFE AS $kinds$
SELECT s.first_ns, coalesce(k.ref, 0), s.user_no, coalesce(k.rows, 0)::integer, 0, coalesce(k.type_no, 0::smallint),
	coalesce(k.flags, 0::smallint), k.type_name COLLATE "C"
FROM (SELECT shape_digest_of(s) = substring(s.digest FOR 8) AS whole OFFSET 0) d
	LEFT JOIN unnest(s.kind_refs, s.kind_rows, s.kind_types, s.kind_flags, s.kind_names) k (ref, rows, type_no, flags, type_name) ON d.whole
$kinds$;--> statement-breakpoint
-- By hand: packs rows of verified messages that are older than a time, of some people for whom that is due: "most" rows into each of
-- some segments. They take 7 µs each.
--
-- Whoever moves rows between the two tables holds this lock on user_segments. A statement that changes rows behind a cursor holds the
-- table's weakest lock, from before its snapshot on. So neither is ever in between the other. A commit adds rows alone, and it holds
-- the head: it is refused if a row is not later than all that are packed.
--
-- Plans without an index get a cost so high that the server would compile them.
CREATE FUNCTION pack_rows(before_ns bigint, now_ns bigint, people integer, segments integer, most integer, format integer,
	OUT looked integer, OUT packed integer)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $pack$
DECLARE
	person integer;
	s user_segments;
	times bigint[];
	due bigint;
BEGIN
	LOCK TABLE user_segments IN EXCLUSIVE MODE;
	looked := 0;
	packed := 0;
	-- A topic that starts over unpacks what it needs.
	IF EXISTS (SELECT FROM topics t WHERE t.projected < 0) THEN RETURN; END IF;
	FOR person IN SELECT h.user_no FROM user_heads h WHERE h.due_ns < before_ns ORDER BY h.due_ns LIMIT people FOR UPDATE SKIP LOCKED LOOP
		EXIT WHEN packed >= segments * most;
		looked := looked + 1;
		WHILE packed < segments * most LOOP
			WITH old AS MATERIALIZED (
				SELECT m.*, row_number() OVER (ORDER BY m.n) - 1 AS ord, dense_rank() OVER kinds - 1 AS kind, min(m.ref) OVER kind AS kind_ref
				FROM (SELECT * FROM hcs_messages o WHERE o.user_no = person AND o.consensus_ns < before_ns AND o.flags & 3 = 0
					ORDER BY o.consensus_ns LIMIT most) m
				WINDOW kinds AS (ORDER BY m.type_no, m.flags & 31, m.ref >> 40, m.type_name),
					kind AS (PARTITION BY m.type_no, m.flags & 31, m.ref >> 40, m.type_name)),
			shape AS MATERIALIZED (
				SELECT min(o.consensus_ns) AS first_ns, max(o.consensus_ns) AS last_ns, min(o.n) AS first_n, max(o.n) AS last_n,
					coalesce(min(o.peer_no), 0) AS lowest_peer, count(*) AS rows, bits_of(max(o.n) - min(o.n) - count(*) + 1) AS position_bits,
					bits_of(max(o.kind)) AS kind_bits, bits_of(max(o.flags >> 5)) AS place_bits, bits_of(max(o.consensus_ns) - min(o.consensus_ns)) AS time_bits,
					bits_of(max(o.ref - o.kind_ref)) AS ref_bits, bits_of(coalesce(max(o.peer_no) - min(o.peer_no) + 1, 0)) AS peer_bits,
					array_agg(o.consensus_ns) AS times
				FROM old o HAVING count(*) = most),
			kind AS MATERIALIZED (
				SELECT array_agg(k.kind_ref ORDER BY k.kind) AS refs, array_agg(k.rows ORDER BY k.kind) AS rows,
					array_agg(k.type_no ORDER BY k.kind) AS types, array_agg(k.flags ORDER BY k.kind) AS flags,
					CASE WHEN count(k.type_name) > 0 THEN array_agg(k.type_name::text ORDER BY k.kind) END AS names
				FROM (SELECT o.kind, o.kind_ref, count(*)::smallint AS rows, o.type_no, o.flags & 31::smallint AS flags, o.type_name
					FROM old o GROUP BY o.kind, o.kind_ref, o.type_no, o.flags & 31::smallint, o.type_name) k)
			SELECT h.first_ns, h.last_ns, person, h.first_n, h.last_n, h.lowest_peer, h.rows, h.position_bits, h.kind_bits, h.place_bits,
				h.time_bits, h.ref_bits, h.peer_bits, k.refs, k.rows, k.types, k.flags, k.names, NULL,
				(SELECT string_agg((in_bits(o.kind, h.kind_bits) || in_bits(o.n - h.first_n - o.ord, h.position_bits)
					|| in_bits(o.flags >> 5, h.place_bits) || in_bits(o.consensus_ns - h.first_ns, h.time_bits) || in_bits(o.ref - o.kind_ref, h.ref_bits)
					|| in_bits(coalesce(o.peer_no - h.lowest_peer + 1, 0), h.peer_bits))::text, '' ORDER BY o.ord) FROM old o)::bit varying,
				h.times
			INTO s.first_ns, s.last_ns, s.user_no, s.first_n, s.last_n, s.lowest_peer, s.rows, s.position_bits, s.kind_bits, s.place_bits,
				s.time_bits, s.ref_bits, s.peer_bits, s.kind_refs, s.kind_rows, s.kind_types, s.kind_flags, s.kind_names, s.digest, s.content, times
			FROM shape h, kind k;
			EXIT WHEN NOT FOUND;
			s.digest := digest_of(s);
			INSERT INTO user_segments VALUES (s.*);
			DELETE FROM hcs_messages m WHERE m.user_no = person AND m.consensus_ns = ANY (times);
			UPDATE user_heads h SET packed_ns = greatest(h.packed_ns, s.last_ns) WHERE h.user_no = person;
			packed := packed + s.rows;
		END LOOP;
		-- The next segment is full when the message of its last row is old. A message that is still to come is later than now, or
		-- of a topic that catches up: such rows wait longer, unless they are older than packed ones.
		SELECT m.consensus_ns INTO due FROM hcs_messages m WHERE m.user_no = person AND m.flags & 3 = 0
		ORDER BY m.consensus_ns OFFSET most - 1 LIMIT 1;
		UPDATE user_heads h SET due_ns = coalesce(due, now_ns) WHERE h.user_no = person;
	END LOOP;
	IF packed > 0 THEN UPDATE meta m SET format = pack_rows.format WHERE m.format < pack_rows.format; END IF;
END $pack$;--> statement-breakpoint
-- By hand: puts the rows of some segments back: of each person, those of the segment that begins with a position. A damaged segment
-- stays, and so do the positions that it holds.
CREATE FUNCTION unpack_rows(people integer[], positions integer[]) RETURNS void LANGUAGE plpgsql AS $unpack$
BEGIN
	LOCK TABLE user_segments IN EXCLUSIVE MODE;
	-- Commits lock heads in this order.
	PERFORM FROM user_heads h WHERE h.user_no = ANY (people) ORDER BY h.user_id FOR UPDATE;
	INSERT INTO hcs_messages SELECT r.* FROM unnest(people, positions) x (person, first_n)
		JOIN user_segments s ON s.user_no = x.person AND s.first_n = x.first_n, rows_in(s) r WHERE digest_of(s) = s.digest;
	DELETE FROM user_segments s USING unnest(people, positions) x (person, first_n)
	WHERE s.user_no = x.person AND s.first_n = x.first_n AND digest_of(s) = s.digest;
	UPDATE user_heads h SET due_ns = 0, packed_ns = coalesce((SELECT max(s.last_ns) FROM user_segments s WHERE s.user_no = h.user_no), 0)
	WHERE h.user_no = ANY (people);
END $unpack$;--> statement-breakpoint
-- By hand: drops rows of people, by their times, and closes up the positions of the others.
CREATE FUNCTION drop_rows(people integer[], times bigint[]) RETURNS void LANGUAGE plpgsql AS $drop$
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
	UPDATE user_heads h SET head = h.head - gone.n
	FROM (SELECT g.person, count(*) AS n FROM unnest(owners) g (person) GROUP BY g.person) gone WHERE h.user_no = gone.person;
END $drop$;--> statement-breakpoint
-- By hand: as in migration 0011, and refuses a batch with a row that is not later than the packed rows of its person: it may be there
-- already. "first_ns" are the first times of the people's rows. Null: the statement has looked for packed rows itself, and its rows may
-- be old.
CREATE FUNCTION take_heads(gate integer, ids text[], added integer[], first_ns bigint[], OUT numbers integer[], OUT heads integer[])
LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $take$
DECLARE
	is_late boolean;
BEGIN
	INSERT INTO user_heads (user_id, user_no, head)
	SELECT u.id, nextval('user_no'), 0 FROM unnest(ids) WITH ORDINALITY u (id, place)
	WHERE NOT EXISTS (SELECT FROM user_heads k WHERE k.user_id = u.id) ORDER BY u.place
	ON CONFLICT (user_id) DO NOTHING;
	WITH taken AS (
		UPDATE user_heads h SET head = h.head + u.added,
			due_ns = CASE WHEN take_heads.first_ns IS NULL AND u.added > 0 THEN 0 ELSE h.due_ns END
		FROM unnest(ids, take_heads.added, take_heads.first_ns) u (id, added, first_ns)
		WHERE h.user_id = u.id RETURNING h.user_id, h.user_no, h.head, u.first_ns <= h.packed_ns AS is_late)
	SELECT array_agg(t.user_no ORDER BY t.user_id), array_agg(t.head ORDER BY t.user_id), bool_or(t.is_late)
	INTO numbers, heads, is_late FROM taken t;
	IF is_late THEN RAISE unique_violation USING MESSAGE = 'a row is not later than the packed rows of its person'; END IF;
END $take$;--> statement-breakpoint
-- By hand: for versions that do not know packed rows, which would write them a second time.
CREATE OR REPLACE FUNCTION take_heads(gate integer, ids text[], added integer[], OUT numbers integer[], OUT heads integer[])
LANGUAGE plpgsql AS $take$
BEGIN
	-- Only who holds the heads knows that nothing is being packed.
	SELECT t.numbers, t.heads INTO numbers, heads FROM take_heads(gate, ids, added, NULL) t;
	IF EXISTS (SELECT FROM user_heads k WHERE k.user_id = ANY (ids) AND k.packed_ns > 0) THEN
		RAISE object_not_in_prerequisite_state USING MESSAGE = 'a later version has packed rows of these people';
	END IF;
END $take$;
