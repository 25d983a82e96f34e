import "server-only";
import { fromMs } from "../../core/consensus-time";
import { parseTopicId } from "../../core/ids";
import { type Goal, nextStep } from "../../core/reshard";
import type { AdminEntry } from "../../ports/admin-store";
import { ActionAnswer } from "../../wire/admin";
import { DrainBody, ShardsAnswer, SplitBody } from "../../wire/shards";
import { act } from "../admin-actions";
import { ProblemError } from "../problem";
import { privateJson } from "../reply";
import { type AdminContext, defineRoute } from "../route";
import { drainGoals, groupOf, runAll, shardStatus } from "../shard-goals";

export const shards = defineRoute({
  summary: "Which topic serves whom, and the tenants",
  access: "admin",
  answer: ShardsAnswer,
  handle: async ({ app }) => {
    const [registry, tenants] = await Promise.all([app.stores.registry.load(), app.stores.registry.tenants()]);
    const answer: ShardsAnswer = {
      version: registry.version,
      shards: registry.shards.map((shard) => shardStatus(app.env.TOPIC_PREFIX, shard)),
      tenants: [...tenants],
    };
    return privateJson(answer);
  },
});

/** Works towards the goals behind the answer, and writes into the entry what it came to. Whatever ends it, asking again goes on. */
async function start(
  context: AdminContext<unknown, unknown>,
  entry: AdminEntry,
  goals: readonly Goal[],
): Promise<"running"> {
  const { app, background } = context;
  const ended = (state: "done" | "failed", detail: AdminEntry["detail"]) =>
    app.stores.admin.update(entry.id, { state, detail, nowMs: app.clock.now() });
  background(async () => {
    try {
      const outcome = await runAll(app.shards, goals);
      await app.registry.load();
      if (outcome.kind === "failed") await ended("failed", { error: outcome.reason });
      else
        await ended(
          "done",
          outcome.kind === "done" ? null : { waitingUntilMs: outcome.untilMs, reason: outcome.reason },
        );
    } catch (cause) {
      app.log.error("resharding stopped; asked for again it goes on", { cause });
      await ended("failed", { error: "It stopped before its end. Ask for it again: it goes on where it was." });
    }
  });
  return "running";
}

export const split = defineRoute({
  summary:
    "Gives a kind's topics more segments, or a tenant or user topics of their own, while everybody writes and reads",
  access: "admin",
  body: SplitBody,
  answer: ActionAnswer,
  handle: (context) => {
    const { app } = context;
    const { kind, tier = "standard", owner = null, to } = context.body;
    const group = groupOf(tier, kind, owner);
    if (typeof group === "string") throw new ProblemError("bad-input", `owner: ${group}.`, { field: "owner" });
    const goal: Goal = { name: "grow", group, to };
    const target = [tier, kind, ...(owner === null ? [] : [owner]), to].join(" ");
    return act(context, { name: "shards.split", target }, async (entry) => {
      const step = nextStep(await app.stores.registry.load(), goal, fromMs(app.clock.now()));
      if (step.name === "impossible") throw new ProblemError("bad-input", `to: ${step.reason}.`, { field: "to" });
      return start(context, entry, [goal]);
    });
  },
});

export const drain = defineRoute({
  summary: "Lets nothing more be written to a topic; asked again, lets the topic go when it is quiet",
  access: "admin",
  body: DrainBody,
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
      return start(context, entry, goals);
    });
  },
});
