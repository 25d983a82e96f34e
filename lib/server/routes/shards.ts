import "server-only";
import { cappedAt, fitting, MAX_ANSWER_BYTES } from "../../core/bounds";
import { fromMs } from "../../core/ledger/consensus-time";
import { parseTopicId } from "../../core/ledger/ids";
import { type Goal, nextStep, type Step } from "../../core/shards/reshard";
import type { AdminEntry } from "../../ports/store/admin-store";
import { ActionAnswer } from "../../wire/admin";
import { DrainBody, ShardsAnswer, SplitBody } from "../../wire/shards";
import { act } from "../admin/actions";
import { drainGoals, groupOf, runAll, shardStatuses } from "../admin/shard-goals";
import { ProblemError } from "../http/problem";
import { privateJson } from "../http/reply";
import { type AdminContext, defineRoute } from "../http/route";

export const shards = defineRoute({
  summary: "Which topic serves whom, and the tenants",
  access: "admin",
  limit: "operator",
  answer: ShardsAnswer,
  handle: async ({ app }) => {
    const [registry, tenants] = await Promise.all([app.stores.registry.load(), app.stores.registry.tenants()]);
    const shards = shardStatuses(app.env.TOPIC_PREFIX, registry);
    const listed = fitting(shards, MAX_ANSWER_BYTES * 0.8);
    const listedTenants = fitting(tenants, MAX_ANSWER_BYTES * 0.2);
    const answer: ShardsAnswer = {
      version: registry.version,
      canCreate: app.shards.canCreate,
      shards: [...listed],
      tenants: [...listedTenants],
      ...cappedAt({
        shards: [listed.length, shards.length],
        tenants: [listedTenants.length, tenants.length],
      }),
    };
    return privateJson(answer);
  },
});

const CREATING: readonly Step["name"][] = ["plan", "intend", "create"];

/** Refuses what can never be reached, before anything of it is written down. */
async function heed(
  { app }: AdminContext<unknown, unknown>,
  goals: readonly Goal[],
  field: "to" | "topicId",
): Promise<void> {
  const registry = await app.stores.registry.load();
  for (const goal of goals) {
    if (goal.name === "grow" && app.shards.refusal !== null) throw new ProblemError("read-only", app.shards.refusal);
    const step = nextStep(registry, goal, fromMs(app.clock.now()));
    if (step.name === "impossible") throw new ProblemError("bad-input", `${field}: ${step.reason}.`, { field });
    if (CREATING.includes(step.name) && !app.shards.canCreate)
      throw new ProblemError(
        "read-only",
        "No topic can be created: this set-up has no operator key. Set HEDERA_OPERATOR_ID and HEDERA_OPERATOR_KEY.",
      );
  }
}

/** Works towards the goals behind the answer, and writes into the entry what it came to. Whatever ends it, asking again goes on. */
async function start(
  context: AdminContext<unknown, unknown>,
  entry: AdminEntry,
  goals: readonly Goal[],
): Promise<"running"> {
  const { app, background } = context;
  const ended = (state: "done" | "failed", detail: AdminEntry["detail"]) =>
    app.stores.admin.update(entry.id, { state, detail, nowMs: app.clock.now() });
  // Each step is a sign of life, one after the other; where the database does not take one, the next may.
  let told: Promise<unknown> = Promise.resolve();
  const tell = ({ name: step }: Step) => {
    told = told
      .then(() => app.stores.admin.update(entry.id, { state: "running", detail: { step }, nowMs: app.clock.now() }))
      .catch(() => {});
  };
  background(async () => {
    try {
      const outcome = await runAll(app.shards, goals, tell);
      await told;
      await app.registry.load();
      if (outcome.kind === "failed") await ended("failed", { error: outcome.reason });
      else
        await ended(
          "done",
          outcome.kind === "done" ? null : { waitingUntilMs: outcome.untilMs, reason: outcome.reason },
        );
    } catch (cause) {
      app.log.error("resharding stopped; asked for again it goes on", { cause });
      await told;
      await ended("failed", { error: "It stopped before its end. Ask for it again: it goes on where it was." });
    }
  });
  return "running";
}

export const split = defineRoute({
  summary:
    "Gives a kind's topics more segments, or a tenant or user topics of their own, while everybody writes and reads",
  access: "admin",
  limit: "operator",
  body: SplitBody,
  heeds: ["Idempotency-Key"],
  problems: ["read-only"],
  answer: ActionAnswer,
  handle: (context) => {
    const { kind, tier = "standard", owner = null, to } = context.body;
    const group = groupOf(tier, kind, owner);
    if (typeof group === "string") throw new ProblemError("bad-input", `owner: ${group}.`, { field: "owner" });
    const goal: Goal = { name: "grow", group, to };
    const target = [tier, kind, ...(owner === null ? [] : [owner]), to].join(" ");
    return act(context, { name: "shards.split", target }, async (entry) => {
      await heed(context, [goal], "to");
      return start(context, entry, [goal]);
    });
  },
});

export const drain = defineRoute({
  summary: "Lets nothing more be written to a topic; asked again, lets the topic go when it is quiet",
  access: "admin",
  limit: "operator",
  body: DrainBody,
  heeds: ["Idempotency-Key"],
  problems: ["not-found", "read-only"],
  answer: ActionAnswer,
  handle: (context) => {
    const { app, body } = context;
    const topicId = parseTopicId(body.topicId);
    if (topicId === null)
      throw new ProblemError("bad-input", "topicId: a topic id looks like 0.0.7148063.", { field: "topicId" });
    return act(context, { name: "shards.drain", target: topicId }, async (entry) => {
      const registry = await app.stores.registry.load();
      const goals = drainGoals(registry, topicId);
      const isKnown = registry.shards.some((shard) => shard.topicId === topicId);
      if (!isKnown) throw new ProblemError("not-found", "The registry has no such topic.");
      await heed(context, goals, "topicId");
      return start(context, entry, goals);
    });
  },
});
