ALTER TABLE "profiles" ADD COLUMN "said_ns" bigint;--> statement-breakpoint
ALTER TABLE "topic_log" ADD COLUMN "signature" smallint;--> statement-breakpoint
ALTER TABLE "topics" ADD COLUMN "unproven" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "topic_log_unproven" ON "topic_log" USING btree ("ref") WHERE "topic_log"."disposition" = 5;