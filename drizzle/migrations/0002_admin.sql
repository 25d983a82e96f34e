CREATE TABLE "admin_audit" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "admin_audit_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at_ms" bigint NOT NULL,
	"updated_ms" bigint NOT NULL,
	"actor" text COLLATE "C" NOT NULL,
	"action" text COLLATE "C" NOT NULL,
	"target" text COLLATE "C",
	"state" text COLLATE "C" NOT NULL,
	"detail" text COLLATE "C",
	"request_key" text COLLATE "C",
	CONSTRAINT "admin_audit_request_key" UNIQUE("request_key")
);
--> statement-breakpoint
CREATE INDEX "topic_log_odd" ON "topic_log" USING btree ("disposition","consensus_ns") WHERE "topic_log"."disposition" IN (2, 3);