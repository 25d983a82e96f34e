/**
 * Memory for 100,000 cached users. 20,000 of them really are cached, by the tiered read with an unlimited first tier, each with 50
 * contacts and 200 signals (the page of the newest 50 is kept). The plan assumes 0.5 MB for each user.
 */
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import type { Position, Sequence, TopicId, UserId } from "@/lib/core/ledger/ids";
import { emptyEdge, type Profile } from "@/lib/core/signals/projection";
import { circleView, contactsView, type EdgeWithName, signalView } from "@/lib/core/signals/views";
import { L1Cache } from "@/lib/engine/reads/l1-cache";
import { TieredRead } from "@/lib/engine/reads/tiered-read";
import type { BenchRow } from "../../types";

export const names = ["memory.users_100k", "memory.bytes_per_view"];

const CACHED = 20_000;
const USERS = 100_000;
const PLAN_BYTES_PER_USER = 500_000;
const CONTACTS = 50;
const SIGNALS = 200;
const PAGE = 50;
const START_NS = 1_790_000_000_000_000_000n;

export async function run(): Promise<readonly BenchRow[]> {
  const l1 = new L1Cache({ maxBytes: 2 ** 40, ttlMs: 3_600_000, now: () => systemClock.now() });
  const reader = new TieredRead({ l1, shared: null, clock: systemClock, staleMaxMs: 1 });
  await cache(reader, userOf(CACHED));
  const before = usedBytes();
  for (let user = 0; user < CACHED; user += 1) await cache(reader, userOf(user));
  const perUser = (usedBytes() - before) / CACHED;
  let viewBytes = 0;
  for (const name of ["contacts", "circle", "signals"]) viewBytes += l1.get(userOf(1), name)?.view.body.length ?? 0;
  if (l1.userCount !== CACHED + 1) throw new Error("the first tier let users go");
  const planGb = (USERS * PLAN_BYTES_PER_USER) / 1e9;
  return [
    {
      name: "memory.users_100k",
      value: (perUser * USERS) / 1e9,
      unit: "GB",
      detail: `the plan: ${planGb} GB; ${CACHED.toLocaleString("en")} really cached at ${Math.round(perUser)} bytes (${CONTACTS} contacts, ${SIGNALS} signals; contacts, circle, newest ${PAGE} signals, recognition), the rest extrapolated`,
    },
    {
      name: "memory.bytes_per_view",
      value: viewBytes / 3,
      unit: "bytes",
      detail: "mean of contacts, circle and signals, as JSON",
    },
  ];
}

const userOf = (n: number) => `tm-person-${n}` as UserId;

async function cache(reader: TieredRead, userId: UserId): Promise<void> {
  const edges = edgesOf(userId);
  const contents = {
    contacts: () => contactsView(userId, edges),
    circle: () => circleView(userId, edges),
    signals: () => ({
      items: Array.from({ length: PAGE }, (_, i) => signalOf(userId, SIGNALS - i)),
      nextCursor: "MTc5",
    }),
    recognition: () => ({ success: true, definitions: [], instances: [signalOf(userId, 1), signalOf(userId, 2)] }),
  };
  for (const [name, content] of Object.entries(contents)) {
    const read = await reader.read(userId, name, async () => ({ position: SIGNALS, content: content() }));
    if (!read.ok) throw new Error("a load of the bench failed");
  }
}

function edgesOf(userId: UserId): EdgeWithName[] {
  return Array.from({ length: CONTACTS }, (_, i) => {
    const peerId = `tm-amara-okafor-${i}` as UserId;
    const trustOutNs = i < 9 ? START_NS + BigInt(i) : 0n;
    const edge = {
      ...emptyEdge(userId, peerId),
      acceptNs: START_NS - BigInt(i),
      trustOutNs,
      trustOutWeight: i < 9 ? 1 : 0,
    };
    const profile: Profile = {
      userId: peerId,
      consensusNs: consensusNs(START_NS),
      handle: `peer.${i}`,
      displayName: `Person Number ${i}`,
      bio: "Designer in Lagos, mostly about public transport.",
      avatar: null,
      hrl: `hrl:tm/${peerId}`,
    };
    return { ...edge, profile };
  });
}

function signalOf(userId: UserId, position: number) {
  const row = {
    position: position as Position,
    topicId: "0.0.1002" as TopicId,
    sequence: (7_000 + position) as Sequence,
    consensusNs: consensusNs(START_NS + BigInt(position) * 1_000_003n),
    type: "TRUST_ALLOCATE",
    peerId: `tm-amara-okafor-${position % CONTACTS}` as UserId,
    isActor: position % 2 === 0,
    verification: "verified" as const,
  };
  return signalView(userId, row, { weight: 1, category: "technical", note: "Great developer" }, "hcs-cached");
}

/** Heap and buffers after a collection. */
function usedBytes(): number {
  if (!globalThis.gc) throw new Error("the bench runs with --expose-gc");
  for (let i = 0; i < 3; i += 1) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
