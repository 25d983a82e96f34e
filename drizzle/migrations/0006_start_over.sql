ALTER TABLE "meta" ADD COLUMN "ledger" text COLLATE "C";--> statement-breakpoint
ALTER TABLE "topics" ADD COLUMN "projected" bigint;