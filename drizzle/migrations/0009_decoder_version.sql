ALTER TABLE "topics" ADD COLUMN "interpreted" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "topics" ADD COLUMN "decoder_version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "topics" ADD COLUMN "is_renumbered" boolean DEFAULT false NOT NULL;