import "server-only";
/**
 * A person's own mirror, for the TrustMesh web UI (docs/integrations/trustmesh-ui.md): pages of a topic that hold only what
 * concerns the caller, as flat messages compacted to the current state. The UI reaches it by a prefix in its mirror's address.
 */
import { createHash } from "node:crypto";
import { andThen } from "../../core/awaitable";
import { keyOf } from "../../core/key";
import { consensusNs, formatConsensusTime } from "../../core/ledger/consensus-time";
import type { FollowedKind, TopicId, TopicKind, UserId } from "../../core/ledger/ids";
import { type MessageQuery, readMessageQuery, topicNamed } from "../../core/mirror/message-query";
import { nextLink } from "../../core/mirror/next-link";
import { ok, type Result } from "../../core/result";
import {
  asciiJson,
  COMPACTED_MAX,
  type CompactedMessage,
  type CompactedMint,
  compacted,
} from "../../core/signals/compacted";
import { definitionResolver, namesToLookUp, newestFirst } from "../../core/signals/forms/recognitions";
import { handleOf } from "../../core/signals/views";
import type { Interval } from "../../core/sync/intervals";
import type { ReadResult } from "../../engine/reads/tiered-read";
import type { View } from "../../engine/reads/view";
import { PersonalMirrorPage } from "../../wire/personal-mirror";
import type { App } from "../boot/app";
import type { Answer } from "../http/answers/answer";
import { ProblemError } from "../http/answers/problem";
import { beforeRead, type ReadBegun, viewHeaders } from "../http/answers/reply";
import { perHead, urlOf } from "../http/api-request";
import { topicInPath } from "../http/path-parameters";
import { defineRoute, OWNER_NAMES, type UserContext } from "../http/route";
import { decodedSignalOf } from "../routes/signals";
import type { NumberSeed, Reader } from "./readers-seen";

/** A browser polls five topics every ten seconds. With this age, its own cache answers two polls of three. */
const BROWSER_S = 25;
/** Without a cursor, the UI asks for this much of the past. */
const NEW_HERE_NS = 7n * 86_400n * 1_000_000_000n;
/** Clocks of browsers differ, and a request may take a while. */
const NEW_HERE_LEEWAY_NS = 3_600n * 1_000_000_000n;
/** Texts of a mint that the UI shows, if the sender or the definition has them. */
const WORDS = [
  ...["name", "emoji", "icon", "description", "subtitle", "category", "rarity", "tokenId"],
  ...["senderName", "recipientName", "message", "note", "trustAmount", "labels"],
] as const;

/** The form in which caches keep it. JSON has no integers of the size of a time. */
interface Stored {
  readonly messages: readonly {
    readonly kind: TopicKind;
    readonly ns: string;
    readonly body: CompactedMessage["body"];
  }[];
}

type Messages = readonly {
  readonly kind: TopicKind;
  readonly ns: bigint;
  readonly time: string;
  /** The body as JSON. */
  readonly text: string;
}[];

async function load(app: App, userId: UserId) {
  const { stores, env } = app;
  const { views } = stores;
  const newestMints = { types: ["RECOGNITION_MINT"], beforeNs: null, limit: COMPACTED_MAX };
  const [{ position, edges }, page, [own]] = await Promise.all([
    views.contacts(userId),
    views.signals(userId, { ...newestMints, maxRows: env.strategies.signals.maxSize }),
    views.profiles([userId]),
  ]);
  const minted = page.rows.map((row) => ({ row, ...decodedSignalOf(userId, row, "hcs-cached") }));
  const asked = new Set(minted.flatMap(({ definitionId }) => definitionId ?? []));
  const [named, { offered }] = await Promise.all([views.definitions(namesToLookUp(asked)), app.offered.get()]);
  const resolve = definitionResolver(newestFirst([...named, ...offered]));
  const handle = own?.displayName ?? own?.handle ?? userId;
  // The UI makes up a name from the id of a person whom a mint does not name.
  const names = new Map([[userId, handle], ...edges.map((edge) => [edge.peerId, handleOf(edge)] as const)]);
  const mints = minted.map(({ row, signal, definitionId }): CompactedMint => {
    const definition = resolve(definitionId);
    const { icon, title, description, category } = definition ?? {};
    const defined = { name: title, emoji: icon, description, category };
    const [actor, target] = [(row.isActor ? null : row.peerId) ?? userId, (row.isActor ? row.peerId : null) ?? userId];
    const people = { senderName: names.get(actor), recipientName: names.get(target) };
    // A recognition that nobody has defined is called by its id, as on our own pages.
    const undefinedName = { name: definitionId };
    return {
      ...{ consensusNs: row.consensusNs, actor, target },
      words: {
        ...wordsOf(people),
        ...wordsOf(undefinedName),
        ...wordsOf(signal.metadata),
        ...wordsOf(defined),
        ...(definitionId === null ? {} : { definitionId }),
      },
    };
  });
  const messages = compacted({ userId, handle, edges, mints }).map(({ consensusNs: ns, ...rest }) => ({
    ns: String(ns),
    ...rest,
  }));
  return { position: Math.min(position, page.position), content: { messages } satisfies Stored };
}

/**
 * The reader tells messages apart by topic and number. The number is derived from the message's time, so that it stays the same
 * while the list changes. It has 52 bits, so two of 200 messages practically never get the same one.
 */
const sequenceOf = (seed: NumberSeed, ns: bigint): number =>
  1 +
  Number(
    createHash("sha256")
      .update(keyOf(seed, String(ns)))
      .digest()
      .readBigUInt64BE() >> 12n,
  );

const wordsOf = (source: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    WORDS.flatMap((name) => (source[name] === undefined || source[name] === null ? [] : [[name, source[name]]])),
  );

const parsed = new WeakMap<View, Messages>();

/** Parses a view once for its many polls, most of which need no message of it. */
function messagesOf(view: View): Messages {
  const known = parsed.get(view);
  if (known !== undefined) return known;
  const stored = JSON.parse(view.body.toString("utf8")) as Stored;
  const messages = stored.messages.map(({ kind, ns, body }) => {
    const exact = BigInt(ns);
    return { kind, ns: exact, time: formatConsensusTime(consensusNs(exact)), text: asciiJson(body) };
  });
  parsed.set(view, messages);
  return messages;
}

interface Asked {
  readonly query: MessageQuery;
  /** The query's last time has whole seconds. */
  readonly isWholeSeconds: boolean;
}

/**
 * Whether a reader has nothing yet: it asks for the last seven days, in whole seconds. Its cursor, and a link to the next page, is
 * a message's time with nine decimals, which may be as old.
 */
function isNewHere({ query: { within }, isWholeSeconds }: Asked, nowMs: number): boolean {
  if (!isWholeSeconds) return false;
  const apartNs = (within?.times.from ?? 0n) - (BigInt(nowMs) * 1_000_000n - NEW_HERE_NS);
  return apartNs < NEW_HERE_LEEWAY_NS && apartNs > -NEW_HERE_LEEWAY_NS;
}

/**
 * Whether the reader's cursor, if it has one, is the time of a message of this person. Otherwise somebody else has used this
 * browser, and this person's older messages there lie behind the cursor. The reader skips numbers that it has, so every message
 * gets a new one.
 */
function isOwn(messages: Messages, { within }: MessageQuery): boolean {
  const fromNs = within?.times.from ?? 0n;
  return fromNs === 0n || messages.some(({ ns }) => ns === fromNs - 1n);
}

const withTagFromStart = (read: ReadResult): ReadResult => ({
  ...read,
  view: { ...read.view, etag: read.view.etag.replace(/"$/, '-start"') },
});

interface PageOptions {
  readonly path: string;
  readonly topicId: TopicId;
  readonly kinds: readonly FollowedKind[];
  readonly query: MessageQuery;
  /** The reader has nothing yet, so the page begins at the start, whatever times it asks for. */
  readonly isFromStart: boolean;
  readonly seed: NumberSeed;
}

const NOTHING = JSON.stringify({ messages: [], links: { next: null } } satisfies PersonalMirrorPage);

/** `held` is sorted by time. Most polls want only what is newer than all of it, or nearly all, so this looks from its end. */
const between = (held: Messages, { from, to }: Interval<bigint>): Messages =>
  held.slice(held.findLastIndex(({ ns }) => ns < from) + 1).filter(({ ns }) => ns <= to);

/** The page as JSON. */
function pageOf(held: Messages, { path, topicId, kinds, query, isFromStart, seed }: PageOptions): string {
  const { within, order, limit, isUtf8, spelled } = query;
  // Numbers only name messages here, so a filter by number leaves out nothing.
  const wanted = isFromStart ? held : within === null ? [] : between(held, within.times);
  const all = wanted.filter(({ kind }) => kinds.includes(kind));
  if (all.length === 0) return NOTHING;
  const page = (order === "asc" ? all : all.toReversed()).slice(0, limit);
  const messages = page.map(({ ns, time, text }) => ({
    consensus_timestamp: time,
    message: isUtf8 ? text : Buffer.from(text).toString("base64"),
    sequence_number: sequenceOf(seed, ns),
    topic_id: topicId,
  }));
  const last = messages.at(-1);
  const isMore = last !== undefined && page.length < all.length;
  const next = isMore ? nextLink(path, spelled, order, last.consensus_timestamp) : null;
  return JSON.stringify({ messages, links: { next } } satisfies PersonalMirrorPage);
}

interface Poll {
  readonly startMs: number;
  readonly began: ReadBegun["began"];
  readonly topicId: TopicId;
  readonly asked: Asked;
  readonly reader: Reader;
}

function pageAnswer(
  context: UserContext<unknown, unknown>,
  { startMs, began, topicId, asked, reader }: Poll,
  result: ReadResult,
): Answer {
  const { app, userId, url } = context;
  const { query } = asked;
  const kinds = app.scheduler.kindsOf(topicId);
  const messages = messagesOf(result.view);
  const known = app.readersSeen.seedOf(reader, topicId);
  const isNew = isNewHere(asked, startMs);
  const isFromStart = known === null || isNew;
  const seed = known ?? (isNew || isOwn(messages, query) ? userId : reader);
  if (seed !== known && kinds.length > 0) app.readersSeen.note(reader, topicId, seed);
  // One address has two answers, and a browser must not take the one for the other.
  const read = isFromStart ? withTagFromStart(result) : result;
  const { headers, isKnown } = viewHeaders(context, read, startMs, began);
  headers["cache-control"] = `private, max-age=${BROWSER_S}`;
  headers["trustmesh-form"] = "compacted";
  if (isKnown) return { status: 304, headers, body: null };
  headers["content-type"] = "application/json";
  const page = { path: url.pathname, topicId, kinds, query, isFromStart, seed };
  return { status: 200, headers, body: kinds.length === 0 ? NOTHING : pageOf(messages, page) };
}

const askedOf = perHead((request): Result<Asked, readonly string[]> => {
  // The caller may be named, as on every route of a user.
  const parameters = [...urlOf(request).searchParams].filter(([name]) => !OWNER_NAMES.includes(name));
  const query = readMessageQuery(parameters);
  if (!query.ok) return query;
  const isWholeSeconds = /^gt:\d+\.0$/.test(query.value.spelled.get("timestamp")?.at(-1) ?? "");
  return ok({ query: query.value, isWholeSeconds });
});

export const personalMessages = defineRoute({
  summary:
    "The caller's current state, rendered as a topic's messages for the TrustMesh web UI; not the original bytes",
  access: "user",
  limit: "read",
  heeds: ["If-Min-Sequence"],
  sends: ["view", "compacted"],
  answer: PersonalMirrorPage,
  handle: (context) => {
    const { app, userId, params, request } = context;
    const topicId = topicInPath(params, topicNamed);
    const asked = askedOf(request);
    if (!asked.ok) throw new ProblemError("bad-input", `${asked.error.join(". ")}.`, { field: "query" });
    const startMs = app.clock.now();
    const name = `mirror.${app.definitions.value}`;
    const { need, began } = beforeRead(context);
    return andThen(
      app.reader.read(userId, name, () => load(app, userId), need),
      (result) => {
        if (!result.ok)
          throw new ProblemError("unavailable", "Your messages cannot be read at the moment. Try again shortly.");
        return andThen(app.sessions.sessionOf(request.headers.get("cookie")), (session) =>
          pageAnswer(
            context,
            { ...{ startMs, began, topicId }, asked: asked.value, reader: session?.id ?? userId },
            result.value,
          ),
        );
      },
    );
  },
});
