/** Writers and readers at work on a `SplitWorld`, and a check of every accepted message. */
import { formatConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { TopicId, UserId } from "@/lib/core/ledger/ids";
import type { SignalRow } from "@/lib/ports/store/view-rows";
import type { App } from "@/lib/server/boot/app";
import type { SubmitAnswer } from "@/lib/wire/submit";
import type { Instance, SplitWorld } from "./split-world";

export interface Load {
  /** Accepted messages: the user, and the topic and sequence number in the answer. */
  readonly written: readonly { readonly userId: string; readonly topicId: string; readonly sequence: number }[];
  readonly reads: { readonly ok: number; readonly failed: readonly string[] };
  /** Writes with a status other than 200 and 409. */
  readonly failedWrites: readonly string[];
  /** Writes one more message for each user, one after the other. */
  round(): Promise<void>;
  /** Resolves when this many more messages are accepted. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

const READS = ["/api/signals", "/api/contacts", "/api/circle", "/api/registry/topics"];

/** Enough writers to meet, and few enough that a slow machine answers each in time. */
const WRITERS = 6;
/** Messages in a burst of one user. The next message comes while the previous one is still on its way. */
const BURST = 3;

/**
 * Starts writers and readers. Each user writes bursts of messages through changing instances, and every fourth user writes two at
 * once. Readers request every view.
 */
export function startLoad({ instances }: SplitWorld, users: readonly string[], readers: number): Load {
  const written: { userId: string; topicId: string; sequence: number }[] = [];
  const failed: string[] = [];
  const failedWrites: string[] = [];
  const waiting: { readonly at: number; readonly wake: () => void }[] = [];
  let ok = 0;
  let isStopping = false;
  let nonce = 0;
  const any = () => instances[Math.floor(Math.random() * instances.length)] as Instance;
  const write = async (userId: string, target: string) => {
    nonce += 1;
    const ts = Math.floor(Date.now() / 1_000);
    const body = { type: "CONTACT_REQUEST", from: userId, nonce, ts, payload: { target, n: nonce } };
    const response = await any().ask("POST", "/api/hcs/submit", userId, body);
    if (response.status === 409) return;
    if (response.status !== 200) return void failedWrites.push(`${response.status} ${await response.text()}`);
    const { topicId, sequenceNumber } = (await response.json()) as SubmitAnswer;
    written.push({ userId, topicId, sequence: sequenceNumber });
    for (const { wake } of waiting.splice(0).filter((each) => each.at <= written.length || !waiting.push(each))) wake();
  };
  const targetOf = (i: number) => users[(i + 1 + (written.length % (users.length - 1))) % users.length] as string;
  const writer = async (first: number) => {
    for (let i = first; !isStopping; i = i + WRITERS < users.length ? i + WRITERS : first) {
      for (let n = 0; n < BURST && !isStopping; n += 1) {
        const atOnce = Array.from({ length: i % 4 === 0 ? 2 : 1 }, () => write(users[i] as string, targetOf(i)));
        await Promise.all(atOnce);
      }
    }
  };
  const reader = async (i: number) => {
    for (let turn = i; !isStopping; turn += 1) {
      const userId = users[(turn * 7) % users.length] as string;
      const path = READS[turn % READS.length] as string;
      const response = await any().ask("GET", path, userId);
      await response.arrayBuffer();
      if (response.status === 200) ok += 1;
      else failed.push(`${response.status} ${path}`);
    }
  };
  const work = Promise.all([
    ...Array.from({ length: WRITERS }, (_, i) => writer(i)),
    ...Array.from({ length: readers }, (_, i) => reader(i)),
  ]);
  // `stop` reports the error of a worker. Node must not report it as unhandled before.
  work.catch(() => {});
  return {
    written,
    failedWrites,
    reads: {
      get ok() {
        return ok;
      },
      failed,
    },
    round: async () => {
      for (const [i, userId] of users.entries()) await write(userId, targetOf(i));
    },
    more: (count) =>
      Promise.race([
        new Promise<void>((wake) => void waiting.push({ at: written.length + count, wake })),
        work.then(() => {}),
      ]),
    stop: async () => {
      isStopping = true;
      await work;
    },
  };
}

export interface Account {
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
  /** Pairs of a user's messages whose positions contradict their order on the ledger, and users who changed topics more than once. */
  readonly outOfOrder: readonly string[];
  /** Number of users who changed to a topic that the split created. */
  readonly moved: number;
}

const OWN = 10_000;
const ownRows = async (app: App, userId: string): Promise<readonly SignalRow[]> =>
  (await app.stores.views.signalsAfter(userId as UserId, 0, OWN)).rows;

/** Compares accepted messages with stored rows, once everything is synced. */
export async function accountOf(world: SplitWorld, load: Load, users: readonly string[]): Promise<Account> {
  const { app } = world.instances[0] as Instance;
  const [lost, duplicated, outOfOrder]: string[][] = [[], [], []];
  let moved = 0;
  for (const userId of users) {
    const own = (await ownRows(app, userId)).filter(({ isActor }) => isActor);
    const ids = own.map(({ topicId, sequence }) => `${topicId}/${sequence}`);
    const known = new Set(ids);
    if (known.size < ids.length) duplicated?.push(userId);
    const accepted = load.written
      .filter((each) => each.userId === userId)
      .map((each) => `${each.topicId}/${each.sequence}`);
    lost?.push(...accepted.filter((id) => !known.has(id)));
    if (new Set(accepted).size < accepted.length) duplicated?.push(userId);
    own.forEach((row, i) => {
      const before = own[i - 1];
      if (before && before.consensusNs >= row.consensusNs)
        outOfOrder?.push(
          `${userId} ${formatConsensusTime(before.consensusNs)} before ${formatConsensusTime(row.consensusNs)}`,
        );
    });
    const changes = own.filter((row, i) => i > 0 && row.topicId !== own[i - 1]?.topicId).length;
    if (changes > 1) outOfOrder?.push(`${userId} changed topics ${changes} times`);
    if (changes === 1 && !world.contacts.includes(own.at(-1)?.topicId as TopicId)) moved += 1;
  }
  return { lost: lost ?? [], duplicated: duplicated ?? [], outOfOrder: outOfOrder ?? [], moved };
}

/** A user's rows without positions, which depend on the order of the sync. */
export async function rowsOf(app: App, userId: string): Promise<readonly string[]> {
  const rows = await ownRows(app, userId);
  return rows
    .map(({ topicId, sequence, consensusNs, type, peerId, isActor, verification }) =>
      [topicId, sequence, consensusNs, type, peerId, isActor, verification].join(" "),
    )
    .sort();
}
