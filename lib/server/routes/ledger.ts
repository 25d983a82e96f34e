import "server-only";
import { MAX_GAPS } from "../../core/bounds";
import { parseTopicId, type TopicId } from "../../core/ledger/ids";
import { viewOf } from "../../engine/reads/view";
import { RegistryAnswer, SyncAnswer, SyncBody } from "../../wire/ledger";
import { ProofAnswer } from "../../wire/proof";
import type { App } from "../boot/app";
import { ProblemError } from "../http/answers/problem";
import { privateJson, startRead, uncached, viewAnswer } from "../http/answers/reply";
import { sequenceInPath, topicInPath } from "../http/path-parameters";
import { defineRoute } from "../http/route";
import { proofContent } from "./proof-content";
import { unlessDropped } from "./unless-dropped";

export const proof = defineRoute({
  summary: "Everything that a browser needs to check one message against the mirror's hash chain",
  access: "user",
  limit: "proof",
  sends: ["view"],
  problems: ["bad-input", "not-found", "dropped"],
  answer: ProofAnswer,
  handle: async (context) => {
    const { app, userId, params } = context;
    const startMs = app.clock.now();
    const topicId = topicInPath(params);
    const sequence = sequenceInPath(params);
    const began = startRead(app);
    const row = await app.stores.views.proof(userId, topicId, sequence);
    if (row === null) {
      await unlessDropped(app, topicId, sequence);
      const sync = app.scheduler.syncs.get(topicId);
      if (sync === undefined)
        throw new ProblemError(
          "not-found",
          `This server does not sync topic ${topicId}, and has no such message for you.`,
        );
      // The ledger is public, so the message is no secret. The answer does not show whom it concerns.
      throw sequence <= (sync.cursor ?? 0)
        ? new ProblemError("not-yours", "This message does not concern you.")
        : new ProblemError("not-found", "There is no such message yet.");
    }
    const content = await proofContent(app, topicId, sequence, row);
    return viewAnswer(context, uncached(viewOf(null, content, startMs), app.clock.now() - startMs), startMs, began);
  },
});

export const registry = defineRoute({
  summary: "The topics that the caller writes to",
  access: "user",
  limit: "read",
  answer: RegistryAnswer,
  handle: async ({ app, userId }) => {
    const types = ["CONTACT_REQUEST", "TRUST_ALLOCATE", "PROFILE_UPDATE", "RECOGNITION_MINT"] as const;
    const topicIds = await Promise.all(types.map((type) => app.router.getTopicForUser(userId, type)));
    const [contacts, trust, profile, recognition] = topicIds;
    return privateJson(
      {
        ok: true,
        topics: {
          contacts,
          trust,
          profile,
          recognition,
          feed: recognition,
          system: profile,
          recognitionDefinitions: recognition,
          recognitionInstances: recognition,
        },
        meta: {
          source: app.env.HEDERA_NETWORK,
          timestamp: new Date(app.clock.now()).toISOString(),
          sharedContactsTrust: contacts === trust,
        },
      },
      { "cache-control": "private, max-age=30, stale-while-revalidate=300" },
    );
  },
});

/** A sync run that takes longer continues in the background. */
const SYNC_DEADLINE_MS = 20_000;

export const sync = defineRoute({
  summary: "Syncs the caller's topics now",
  access: "user",
  limit: "sync",
  body: SyncBody,
  answer: SyncAnswer,
  handle: async ({ app, body }) => {
    const asked = body.topics === undefined ? undefined : [...new Set(body.topics.map(parseTopicId))];
    const topicIds = asked?.map((topicId) => {
      if (topicId !== null && app.scheduler.syncs.has(topicId)) return topicId;
      throw new ProblemError(
        "bad-input",
        "This server does not sync one of these topics. Name topics that GET /api/registry/topics answers.",
        {
          field: "topics",
        },
      );
    });
    return privateJson(await syncTopics(app, topicIds));
  },
});

/** Syncs these topics, or all of them, and reports the outcome. */
export async function syncTopics(app: App, topicIds?: readonly TopicId[]): Promise<SyncAnswer> {
  const startMs = app.clock.now();
  const requestsBefore = app.ledger.requests;
  const reports = await app.scheduler.syncNow(topicIds, app.clock.monotonicMs() + SYNC_DEADLINE_MS);
  const kindOf = new Map(app.scheduler.topics.map(({ topicId, kinds }) => [topicId, kinds.join(",")]));
  const topics = await Promise.all(
    reports.map(async ({ topicId, fromSequence, toSequence, added, verified, complete }) => {
      const gaps = (await app.stores.sync.gaps(topicId)).filter((gap) => gap.state === "declared");
      return {
        topicId,
        kind: kindOf.get(topicId) ?? "",
        fromSequence,
        toSequence,
        added,
        complete,
        gaps: gaps.slice(0, MAX_GAPS).map(({ from, to }) => ({ from, to })),
        gapCount: gaps.length,
        verified,
      };
    }),
  );
  return {
    topics,
    durationMs: app.clock.now() - startMs,
    mirrorRequests: app.ledger.requests - requestsBefore,
  };
}
