import "server-only";
import { cappedAt, fittingPrefix, MAX_ANSWER_BYTES } from "../../../core/bounds";
import { fromMs } from "../../../core/ledger/consensus-time";
import { parseTopicId } from "../../../core/ledger/ids";
import { type Goal, nextStep, type Step } from "../../../core/shards/reshard";
import type { OperatorLogRow } from "../../../ports/store/admin-store";
import { isTierUnavailable } from "../../../ports/tier-unavailable";
import { ActionAnswer } from "../../../wire/operators/admin";
import { DrainBody, ShardsAnswer, SplitBody } from "../../../wire/operators/shards";
import { act } from "../../admin/actions";
import { drainGoals, groupOf, runAll, shardStatuses } from "../../admin/shard-goals";
import { ProblemError } from "../../http/answers/problem";
import { privateJson } from "../../http/answers/reply";
import { type AdminContext, defineRoute } from "../../http/route";

export const shards = defineRoute({
  summary: "The shard registry and the tenants",
  access: "admin",
  limit: "operator",
  answer: ShardsAnswer,
  handle: async ({ app }) => {
    const [registry, tenants] = await Promise.all([app.stores.registry.load(), app.stores.registry.tenants()]);
    const shards = shardStatuses(app.env.TOPIC_PREFIX, registry);
    const listed = fittingPrefix(shards, MAX_ANSWER_BYTES * 0.8);
    const listedTenants = fittingPrefix(tenants, MAX_ANSWER_BYTES * 0.2);
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

/** Reasons of lib/core begin small, because they also stand behind a colon. */
const sentenceOf = (reason: string) => `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;

/** Refuses goals that can never be reached, before anything changes. */
async function refuseImpossible(
  { app }: AdminContext<unknown, unknown>,
  goals: readonly Goal[],
  field: "to" | "topicId",
): Promise<void> {
  const registry = await app.stores.registry.load();
  for (const goal of goals) {
    if (goal.name === "grow" && app.shards.refusal !== null) throw new ProblemError("read-only", app.shards.refusal);
    const step = nextStep(registry, goal, fromMs(app.clock.now()));
    if (step.name === "impossible") throw new ProblemError("bad-input", sentenceOf(step.reason), { field });
    if (CREATING.includes(step.name) && !app.shards.canCreate)
      throw new ProblemError(
        "read-only",
        "No topic can be created: this set-up has no operator key. Set HEDERA_OPERATOR_ID and HEDERA_OPERATOR_KEY.",
      );
  }
}

/** Works towards the goals in the background and records the result. A repeated request continues an interrupted reshard. */
async function start(
  context: AdminContext<unknown, unknown>,
  entry: OperatorLogRow,
  goals: readonly Goal[],
): Promise<"running"> {
  const { app, background } = context;
  const ended = (state: "done" | "failed", detail: OperatorLogRow["detail"]) =>
    app.stores.admin.update(entry.id, { state, detail, nowMs: app.clock.now() });
  // Steps are recorded one after the other. A lost update does no harm, because the next one follows.
  let recorded: Promise<unknown> = Promise.resolve();
  const record = ({ name: step }: Step) => {
    recorded = recorded
      .then(() => app.stores.admin.update(entry.id, { state: "running", detail: { step }, nowMs: app.clock.now() }))
      .catch(() => {});
  };
  background(async () => {
    try {
      const outcome = await runAll(app.shards, goals, record);
      await recorded;
      await app.registry.load();
      if (outcome.kind === "failed") await ended("failed", { error: outcome.reason });
      else
        await ended(
          "done",
          outcome.kind === "done" ? null : { waitingUntilMs: outcome.untilMs, reason: outcome.reason },
        );
    } catch (cause) {
      if (!isTierUnavailable(cause)) app.log.error("the reshard stopped; a repeated request continues it", { cause });
      await recorded;
      await ended("failed", { error: "It stopped before its end. Start it again: it continues where it stopped." });
    }
  });
  return "running";
}

export const split = defineRoute({
  summary: "Splits a group: gives it more topics of a kind without downtime",
  access: "admin",
  limit: "operator",
  body: SplitBody,
  heeds: ["Idempotency-Key"],
  problems: ["read-only"],
  answer: ActionAnswer,
  handle: (context) => {
    const { kind, tier = "standard", owner = null, to } = context.body;
    const group = groupOf(tier, kind, owner);
    if (typeof group === "string") throw new ProblemError("bad-input", group, { field: "owner" });
    const goal: Goal = { name: "grow", group, to };
    const target = [tier, kind, ...(owner === null ? [] : [owner]), to].join(" ");
    return act(context, { name: "shards.split", target }, async (entry) => {
      await refuseImpossible(context, [goal], "to");
      return start(context, entry, [goal]);
    });
  },
});

export const drain = defineRoute({
  summary: "Drains a topic: it takes no new messages; a second request finishes the drain when the topic is quiet",
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
      throw new ProblemError("bad-input", 'The member "topicId" must be a topic id like 0.0.7148063.', {
        field: "topicId",
      });
    return act(context, { name: "shards.drain", target: topicId }, async (entry) => {
      const registry = await app.stores.registry.load();
      const goals = drainGoals(registry, topicId);
      const isKnown = registry.shards.some((shard) => shard.topicId === topicId);
      if (!isKnown) throw new ProblemError("not-found", "The registry has no such topic.");
      await refuseImpossible(context, goals, "topicId");
      return start(context, entry, goals);
    });
  },
});
