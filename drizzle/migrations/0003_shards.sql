CREATE TABLE "shards" (
	"routes_from_ns" bigint,
	"drains_from_ns" bigint,
	"drained_ns" bigint,
	"shard_no" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "shards_shard_no_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"segment" integer NOT NULL,
	"generation" integer NOT NULL,
	"tier" text COLLATE "C" NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"owner" text COLLATE "C" NOT NULL,
	"state" text COLLATE "C" NOT NULL,
	"topic_id" text COLLATE "C",
	"attempt" text COLLATE "C",
	CONSTRAINT "shards_place" UNIQUE("tier","kind","owner","segment","generation")
);
--> statement-breakpoint
CREATE TABLE "tenants" (
	"tenant_id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"name" text COLLATE "C" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "user_routes" (
	"version" integer NOT NULL,
	"user_id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"tier" text COLLATE "C" NOT NULL,
	"tenant_id" text COLLATE "C"
);
--> statement-breakpoint
ALTER TABLE "meta" ADD COLUMN "registry_version" integer DEFAULT 0 NOT NULL;