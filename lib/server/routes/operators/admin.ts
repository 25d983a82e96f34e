import "server-only";
import { fittingPrefix, MAX_ANSWER_BYTES } from "../../../core/bounds";
import { parseUserId, type TopicId } from "../../../core/ledger/ids";
import { isKnown } from "../../../engine/reads/known-user";
import type { OperatorLogRow } from "../../../ports/store/admin-store";
import { ifDown } from "../../../ports/tier-unavailable";
import {
  ActionAnswer,
  AdminStatus,
  InvalidateBody,
  OperatorLogAnswer,
  OperatorLogQuery,
  TopicActionBody,
} from "../../../wire/operators/admin";
import { act, operatorLogEntry } from "../../admin/actions";
import { adminStatus } from "../../admin/status";
import { CHECK_ACTIONS } from "../../admin/topic-checks";
import type { App } from "../../boot/app";
import { ProblemError } from "../../http/answers/problem";
import { privateJson } from "../../http/answers/reply";
import { topicInPath } from "../../http/path-parameters";
import { type AdminContext, defineRoute } from "../../http/route";

export const status = defineRoute({
  summary: "Status of all instances, tiers, topics, mirrors, streams, storage and cost",
  access: "admin",
  limit: "operator",
  answer: AdminStatus,
  handle: async ({ app, background }) => {
    // A viewer counts as a reader, so that an idle instance syncs and shows current topics.
    background(() => app.scheduler.demand());
    return privateJson(await adminStatus(app));
  },
});

export const operatorLog = defineRoute({
  summary: "The operator log, newest first",
  access: "admin",
  limit: "operator",
  query: OperatorLogQuery,
  answer: OperatorLogAnswer,
  handle: async ({ app, query: { before, limit } }) => {
    // One entry more than requested tells whether there is a next page.
    const entries = await app.stores.admin.entries(before ?? null, limit + 1);
    const items = fittingPrefix(entries.slice(0, limit).map(operatorLogEntry), MAX_ANSWER_BYTES);
    return privateJson({ items, nextBefore: items.length < entries.length ? (items.at(-1)?.id ?? null) : null });
  },
});

export const invalidate = defineRoute({
  summary: "Invalidates the cached views of one user or of everybody, on every instance",
  access: "admin",
  limit: "operator",
  body: InvalidateBody,
  problems: ["not-found"],
  heeds: ["Idempotency-Key"],
  answer: ActionAnswer,
  handle: (context) => {
    const { app, body } = context;
    const userId = body.userId === undefined ? null : parseUserId(body.userId);
    return act(context, { name: "cache.invalidate", target: userId }, async () => {
      if (userId !== null && !(await isKnown(app.stores.views, userId)))
        throw new ProblemError(
          "not-found",
          "No stored message concerns this id, so there is nothing to invalidate. Check the id.",
        );
      // One command reaches Redis and the memory of every instance.
      if (userId === null) await app.bus.publishMissed(null, "invalidated");
      else await app.bus.publish({ type: "views-invalidated", userIds: [userId] });
      return null;
    });
  },
});

function topicOf({ app, params }: AdminContext<unknown, unknown>): TopicId {
  const topicId = topicInPath(params);
  if (!app.scheduler.syncs.has(topicId)) throw new ProblemError("not-found", "This server does not sync this topic.");
  return topicId;
}

function pauseRoute(paused: boolean) {
  return defineRoute({
    summary: paused ? "Pauses the sync of a topic on every instance" : "Resumes the sync of a topic on every instance",
    access: "admin",
    limit: "operator",
    body: TopicActionBody,
    heeds: ["Idempotency-Key"],
    problems: ["not-found"],
    answer: ActionAnswer,
    handle: (context) => {
      const topicId = topicOf(context);
      return act(context, { name: paused ? "topic.pause" : "topic.resume", target: topicId }, async () => {
        const { stores, bus, scheduler } = context.app;
        await stores.sync.setPaused(topicId, paused);
        await scheduler.checkPaused(topicId);
        context.app.adminReads.topics.forget();
        // An instance that misses the event finds out at its next commit or by its own poll.
        await bus.publish({ type: "topic-changed", topicId }).catch(ifDown("redis", () => {}));
        if (!paused) context.background(() => scheduler.syncNow([topicId]));
        return null;
      });
    },
  });
}

export const pause = pauseRoute(true);
export const resume = pauseRoute(false);

/**
 * The stored topic that an action is about to work on. Throws ProblemError while a check of it runs. Also throws while it is
 * paused, if the action writes.
 */
async function readyFor({ stores, checks }: App, topicId: TopicId, entry: OperatorLogRow, writes: boolean) {
  const topic = await stores.sync.topic(topicId);
  if (writes && topic?.paused)
    throw new ProblemError("paused", "The topic is paused and takes no writes. Resume it first.");
  if (await checks.underWay(topicId, entry))
    throw new ProblemError("in-progress", "A check of this topic is running. Wait until it ends.", { retryAfterS: 10 });
  return topic;
}

function checkRoute(mode: keyof typeof CHECK_ACTIONS) {
  return defineRoute({
    summary:
      mode === "audit"
        ? "Audits a topic: compares every stored message with the mirror, in the background"
        : "Resyncs a topic: reads it from the mirror again and writes missing and unverified messages, in the background; positions stay",
    access: "admin",
    limit: "operator",
    body: TopicActionBody,
    heeds: ["Idempotency-Key"],
    problems: ["not-found", "paused", "in-progress"],
    answer: ActionAnswer,
    handle: (context) => {
      const topicId = topicOf(context);
      const { app, background } = context;
      return act(context, { name: CHECK_ACTIONS[mode], target: topicId }, async (entry) => {
        const topic = await readyFor(app, topicId, entry, mode === "resync");
        const start = await app.checks.start(topicId, entry, topic?.cursor ?? 0);
        background(() => app.checks.run(topicId, entry, mode, start));
        return "running";
      });
    },
  });
}

export const audit = checkRoute("audit");
export const resync = checkRoute("resync");

/** The other topics that start over with this one: all with dropped messages. Throws ProblemError while one is paused. */
async function startingAlongside({ stores }: App, topicId: TopicId): Promise<readonly TopicId[]> {
  const withDropped = (await stores.sync.topics()).filter(({ dropped }) => dropped.through > 0);
  const paused = withDropped.find((topic) => topic.paused);
  // Nobody would read it again.
  if (paused !== undefined)
    throw new ProblemError(
      "paused",
      `Topic ${paused.topicId} is started over too, because messages of it were dropped, and it is paused. Resume it first.`,
    );
  return withDropped.map((topic) => topic.topicId).filter((id) => id !== topicId);
}

export const startOver = defineRoute({
  summary:
    "Starts a topic over: drops its stored messages and reads them from the mirror again. Positions get a new epoch, and all answers are stale until it ends",
  access: "admin",
  limit: "operator",
  body: TopicActionBody,
  heeds: ["Idempotency-Key"],
  problems: ["not-found", "paused", "in-progress"],
  answer: ActionAnswer,
  handle: (context) => {
    const topicId = topicOf(context);
    const { app, background } = context;
    return act(context, { name: "topic.start-over", target: topicId }, async (entry) => {
      const topic = await readyFor(app, topicId, entry, true);
      const alongside = await startingAlongside(app, topicId);
      await app.stores.sync.startOver(topicId);
      app.adminReads.topics.forget();
      // Every instance may continue it, so this one does not wait for a reader. The other topics are merged before the first
      // row is dropped.
      background(async () => {
        await app.scheduler.syncNow([topicId]);
        await app.scheduler.syncNow();
      });
      return { dropped: topic?.counts.messages ?? 0, ...(alongside.length > 0 && { alongside }) };
    });
  },
});
