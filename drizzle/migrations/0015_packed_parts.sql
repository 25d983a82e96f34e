CREATE TABLE "packed_parts" (
	"ref" bigint PRIMARY KEY NOT NULL,
	"chunk_key" text COLLATE "C" NOT NULL
);
--> statement-breakpoint
CREATE INDEX "packed_parts_key" ON "packed_parts" USING btree ("chunk_key");--> statement-breakpoint
-- By hand: packing looks at all messages once more, because split messages may be packed now. It waits until versions that cannot read what it
-- writes have ended.
UPDATE "topics" SET "packed_through" = 0;--> statement-breakpoint
UPDATE "meta" SET "packable_ms" = NULL;
--> statement-breakpoint
-- By hand: packing deletes old rows all the time. Without this the tables would grow by a fifth before their space is used again.
ALTER TABLE "topic_log" SET (autovacuum_vacuum_scale_factor = 0.02);--> statement-breakpoint
DO $vacuum$ BEGIN
	FOR i IN 0..15 LOOP
		EXECUTE format('ALTER TABLE hcs_messages_%s SET (autovacuum_vacuum_scale_factor = 0.02)', i);
	END LOOP;
END $vacuum$;
