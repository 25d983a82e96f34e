/** The cost of readers: mirror requests, which do not grow with their number, and memory, which does. */
import type { UserId } from "@/lib/core/ledger/ids";
import { startTestApp, type TestApp } from "@/tests/support/worlds/app";
import type { BenchRow } from "../../types";

const READER_COUNTS = [1, 100, 10_000];
const CACHED_USERS = 200;
const CONTACTS = 50;
const SIGNALS = 200;

export const names = [
  ...READER_COUNTS.map((count) => `mirror.requests_per_min.${count}`),
  "memory.bytes_per_cached_user",
];

export async function run(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  let ofOne = 0;
  for (const readers of READER_COUNTS) {
    const requests = await requestsPerMinute(readers);
    ofOne ||= requests;
    const detail = `${readers} users reading for a minute; ${(requests / ofOne).toFixed(2)} of what one costs, 4 topics and the head once a second`;
    rows.push({ name: `mirror.requests_per_min.${readers}`, value: requests, unit: "requests", detail });
  }
  return [...rows, await memoryPerUser()];
}

/** Each user reads contacts every ten seconds, evenly spread. A single user reads every second. */
async function requestsPerMinute(readers: number): Promise<number> {
  // All requests come from one address, so limits are off.
  const t = await startTestApp({ env: { RATE_LIMITS: "0" } });
  try {
    await t.sync();
    await t.clock.advance(2_000);
    t.devnet.requests.reset();
    const perSecond = Math.max(1, Math.round(readers / 10));
    for (let second = 0; second < 60; second += 1) {
      for (let i = 0; i < perSecond; i += 1) {
        const response = await t.ask("GET", "/api/contacts", `tm-reader-${(second * perSecond + i) % readers}`);
        if (response.status !== 200) throw new Error(`a reader got ${response.status}`);
      }
      await t.clock.advance(1_000);
    }
    return t.devnet.requests.counts().total;
  } finally {
    await t.close();
  }
}

async function memoryPerUser(): Promise<BenchRow> {
  const t = await startTestApp({ env: { L1_MAX_BYTES: String(1 << 30) } });
  try {
    seed(t);
    await t.sync();
    const users = Array.from({ length: CACHED_USERS }, (_, i) => `tm-user-${i}`);
    for (const path of ["/api/contacts", "/api/circle", "/api/signals", "/api/recognition"])
      await t.ask("GET", path, "tm-nobody");
    const before = usedBytes();
    for (const user of users) {
      for (const path of ["/api/contacts", "/api/circle", "/api/signals", "/api/recognition"])
        await t.ask("GET", path, user);
    }
    const bytes = (usedBytes() - before) / CACHED_USERS;
    const contacts = t.app.l1.get("tm-user-0" as UserId, "contacts");
    if (!contacts?.view.body.includes(`"count":${CONTACTS}`))
      throw new Error("the bench's user has not the contacts that it should have");
    const counted = t.app.l1.bytes / t.app.l1.userCount;
    return {
      name: "memory.bytes_per_cached_user",
      value: bytes,
      unit: "bytes",
      detail: `at most 40,960; ${CONTACTS} contacts, ${SIGNALS} signals; contacts, circle, first page of signals and recognition kept; L1 itself counts ${Math.round(counted)}`,
    };
  } finally {
    await t.close();
  }
}

/** Each user bonds with 50 others and has 200 signals, devnet-like in size. */
function seed(t: TestApp): void {
  const { contact, trust } = t.devnet.topics;
  const bonds: object[] = [];
  const gifts: object[] = [];
  for (let user = 0; user < CACHED_USERS; user += 1) {
    for (let peer = 0; peer < CONTACTS; peer += 1) {
      bonds.push({
        hcs: "21",
        v: "1.0",
        type: 1,
        from: `tm-user-${user}`,
        nonce: peer,
        ts: 1_790_000_000,
        payload: { target: `tm-peer-${user}-${peer}`, handle: `Person Number ${user}` },
      });
    }
    for (let i = CONTACTS; i < SIGNALS; i += 1) {
      gifts.push({
        hcs: "21",
        v: "1.0",
        type: 3,
        from: `tm-user-${user}`,
        nonce: i,
        ts: 1_790_000_000,
        payload: {
          target: `tm-peer-${user}-${i % CONTACTS}`,
          weight: 1,
          category: "technical",
          note: "Great developer",
        },
      });
    }
  }
  t.devnet.submitMany(contact, bonds);
  t.devnet.submitMany(trust, gifts);
}

/** Heap and buffers after a collection. */
function usedBytes(): number {
  if (!globalThis.gc) throw new Error("the bench runs with --expose-gc");
  for (let i = 0; i < 3; i += 1) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
