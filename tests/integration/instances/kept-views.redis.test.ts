/** A commit outdates the views that it changes, in memory and in Redis, and no others. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { tierOver } from "@/lib/adapters/redis/open-redis";
import { viewKindOf } from "@/lib/core/cache-strategy";
import type { UserId } from "@/lib/core/ledger/ids";
import type { SharedViewName } from "@/lib/ports/shared/view-cache";
import type { SharedTier } from "@/lib/server/boot/app";
import { busy } from "../../support/control/event-loop";
import { quietLog } from "../../support/quiet-log";
import { newNetwork, upstashFixture } from "../../support/stand-ins/upstash-fixture";
import { startTestApp, type TestApp } from "../../support/worlds/app";
import { createTestApp } from "../../support/worlds/create-test-app";

const fixture = upstashFixture();
const PEOPLE = Array.from({ length: 5 }, (_, i) => `tm-p${i}` as UserId);
const [ADA, BEN, ZOE] = PEOPLE as [UserId, UserId, UserId];
const KINDS = ["contacts", "circle", "signals", "recognition", "mirror"] as const;
const SHARED: readonly SharedViewName[] = ["contacts", "circle", "signals"];

let t: TestApp;
let shared: SharedTier;

beforeEach(async () => {
  const client = fixture.client();
  const commands = {
    eval: (...args: Parameters<typeof client.eval>) => busy(client.eval(...args)),
    subscribe: (...args: Parameters<typeof client.subscribe>) => client.subscribe(...args),
    stats: () => client.stats(),
    close: () => client.close(),
  };
  const options = { network: newNetwork(), viewTtlMs: 3_600_000, clock: systemClock, log: quietLog };
  shared = tierOver(commands, options);
  t = await startTestApp({ shared });
});
afterEach(() => t.close());

const pathOf = (kind: (typeof KINDS)[number]) =>
  kind === "mirror" ? `/api/me/api/v1/topics/${t.devnet.topics.contact}/messages` : `/api/${kind}`;

async function readAll(): Promise<void> {
  for (const userId of PEOPLE) for (const kind of KINDS) await t.ask("GET", pathOf(kind), userId);
}

interface Kept {
  readonly tier: "memory" | "redis";
  readonly userId: UserId;
  readonly kind: string;
  readonly body: string;
}

/** The views that are still fresh. */
async function keptViews(): Promise<readonly Kept[]> {
  const kept: Kept[] = [];
  const { value } = t.app.definitions;
  const current = [...SHARED, `recognition.cards.${value}`, `mirror.${value}`];
  for (const userId of PEOPLE) {
    for (const { name, view, isFresh } of t.app.l1.held(userId)) {
      // Nobody asks for views by earlier definitions again.
      if (isFresh && current.includes(name))
        kept.push({ tier: "memory", userId, kind: viewKindOf(name), body: view.body.toString() });
    }
    const fresh = await busy(shared.views.held(userId));
    for (const { name } of fresh.filter(({ isFresh }) => isFresh)) {
      const found = await busy(shared.views.lookup(userId, name, 1_000));
      if (found.kind === "hit") kept.push({ tier: "redis", userId, kind: name, body: found.view.body });
    }
  }
  return kept;
}

/** The views as a process that has read nothing yet gets them from the database. */
async function readAfresh(): Promise<ReadonlyMap<string, string>> {
  const { stores } = t.app;
  const app = createTestApp({ devnet: t.devnet, stores, clock: t.clock, random: () => 0.5 });
  await app.openTopics();
  const views = new Map<string, string>();
  for (const userId of PEOPLE) {
    for (const kind of KINDS) await t.ask("GET", pathOf(kind), userId, { app, withoutBackground: true });
    for (const { name, view } of app.l1.held(userId)) views.set(`${userId} ${viewKindOf(name)}`, view.body.toString());
  }
  return views;
}

const kindsOf = (kept: readonly Kept[], tier: Kept["tier"], userId: UserId) =>
  kept.flatMap((each) => (each.tier === tier && each.userId === userId ? [each.kind] : [])).sort();

function bond(a: UserId, b: UserId): void {
  const { contact } = t.devnet.topics;
  t.devnet.submitMany(contact, [
    { type: "CONTACT_REQUEST", from: a, to: b },
    { type: "CONTACT_ACCEPT", from: b, to: a },
  ]);
}

describe("a new profile", () => {
  it("outdates what shows its name for others, and leaves their signals and recognition", async () => {
    bond(ADA, BEN);
    await t.sync();
    await readAll();
    t.devnet.submit(t.devnet.topics.profile, { type: "PROFILE_UPDATE", accountId: BEN, displayName: "Ben" });
    await t.sync();
    const kept = await keptViews();
    expect(kindsOf(kept, "memory", ADA)).toEqual(["recognition", "signals"]);
    expect(kindsOf(kept, "redis", ADA)).toEqual(["signals"]);
    expect(kindsOf(kept, "memory", BEN)).toEqual([]);
    expect(kindsOf(kept, "redis", BEN)).toEqual([]);
    expect(kindsOf(kept, "memory", ZOE)).toEqual([...KINDS].sort());
    expect(kindsOf(kept, "redis", ZOE)).toEqual([...SHARED].sort());
    const contacts = await t.json<{ contacts: readonly { handle: string }[] }>("/api/contacts", ADA);
    expect(contacts.contacts.map(({ handle }) => handle)).toEqual(["Ben"]);
  });
});

const person = fc.constantFrom(...PEOPLE);
const name = fc.constantFrom("Ana", "Ben", "Zoë");
/** A message as its topic gets it. */
const message = fc.oneof(
  fc.record({ type: fc.constantFrom("CONTACT_REQUEST", "CONTACT_ACCEPT", "CONTACT_REVOKE"), from: person, to: person }),
  fc.record({ type: fc.constantFrom("TRUST_ALLOCATE", "TRUST_REVOKE"), from: person, to: person }),
  fc.record({ type: fc.constant("RECOGNITION_MINT"), from: person, to: person, name }),
  fc.record({ type: fc.constant("RECOGNITION_DEFINITION"), from: person, id: name, name }),
  fc.record({ type: fc.constant("PROFILE_UPDATE"), accountId: person, displayName: name }),
);

const topicOf = (type: string) => {
  const { contact, trust, recognition, profile } = t.devnet.topics;
  if (type.startsWith("CONTACT")) return contact;
  if (type.startsWith("TRUST")) return trust;
  return type.startsWith("PROFILE") ? profile : recognition;
};

it("after any batch, the views that are kept are, byte for byte, what the database has now", async () => {
  for (const [a, b] of [
    [ADA, BEN],
    [BEN, ZOE],
  ] as const)
    bond(a, b);
  await t.sync();
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 4 }), async (messages) => {
      await readAll();
      for (const each of messages) t.devnet.submit(topicOf(each.type), each);
      await t.sync();
      const views = await keptViews();
      kept += views.length;
      const afresh = await readAfresh();
      for (const { tier, userId, kind, body } of views)
        expect([tier, userId, kind, body]).toEqual([tier, userId, kind, afresh.get(`${userId} ${kind}`)]);
    }),
    // Each batch follows on the ones before it, so a smaller one alone would be another case.
    { numRuns: 25, endOnFailure: true },
  );
  expect(kept).toBeGreaterThan(100);
});
