CREATE TABLE "topic_segments" (
	"first_seq" bigint NOT NULL,
	"first_ns" bigint NOT NULL,
	"last_ns" bigint NOT NULL,
	"topic_no" integer NOT NULL,
	"held" "bytea" NOT NULL,
	"content" "bytea" NOT NULL,
	CONSTRAINT "topic_segments_pkey" PRIMARY KEY("topic_no","first_seq")
);
--> statement-breakpoint
ALTER TABLE "meta" ADD COLUMN "packable_ms" bigint;--> statement-breakpoint
ALTER TABLE "topics" ADD COLUMN "packed_through" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "topics" ADD COLUMN "log_version" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
-- By hand: the content is compressed already.
ALTER TABLE "topic_segments" ALTER COLUMN "content" SET STORAGE EXTERNAL;--> statement-breakpoint
CREATE INDEX "topic_segments_time" ON "topic_segments" USING btree ("topic_no","first_ns");