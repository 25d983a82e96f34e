/** Nine slots on every path that makes trust active: whatever was let through, nobody gives more than nine. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConsensusNs } from "@/lib/core/ledger/consensus-time";
import { decodeMessage } from "@/lib/core/signals/envelope";
import { type Edge, edgesOf, mergeEdge, trustGiven, underStrictBonding } from "@/lib/core/signals/projection";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";
import { startTestApp, type TestApp } from "../../support/worlds/app";

let t: TestApp;
let nonce: number;
const start = async (strict: "on" | "off") => {
  t = await startTestApp({ env: { STRICT_BONDING: strict, RATE_LIMITS: "0" } });
};
beforeEach(() => {
  nonce = 0;
});
afterEach(() => t.close());

async function submit(
  from: string,
  type: string,
  target: string,
  weight?: number,
  headers: Record<string, string> = {},
) {
  nonce += 1;
  const ts = Math.floor(t.clock.now() / 1_000);
  const payload = { target, ...(weight === undefined ? {} : { weight }) };
  const response = await t.ask("POST", "/api/hcs/submit", from, {
    body: { type, from, nonce, ts, payload },
    headers,
  });
  return { status: response.status, body: (await response.json()) as { code?: string; detail?: string } };
}
const code = async (answer: ReturnType<typeof submit>) => (await answer).body.code ?? "done";

/** Weight that somebody gives by what is on the ledger, in the order of time. */
function givenOnLedger(userId: string, isStrict: boolean): number {
  const edges = new Map<string, Edge>();
  for (const topicId of Object.values(t.devnet.topics)) {
    for (const message of t.devnet.ledger.topics.get(topicId)?.messages ?? []) {
      const decoded = decodeMessage(message.bytes);
      if (!decoded.ok) continue;
      const placed = {
        decoded: decoded.value,
        topicId,
        sequence: 1 as never,
        consensusNs: message.consensusNs as ConsensusNs,
      };
      for (const edge of edgesOf(placed)) {
        if (edge.userId !== userId) continue;
        const known = edges.get(edge.peerId);
        edges.set(edge.peerId, known ? mergeEdge(known, edge) : edge);
      }
    }
  }
  return [...edges.values()].reduce((sum, edge) => sum + trustGiven(isStrict ? underStrictBonding(edge) : edge), 0);
}

describe("trust that counts again", () => {
  const A = "tm-a";
  beforeEach(async () => {
    await start("off");
    for (const peer of ["tm-b", "tm-c"]) await submit(A, "CONTACT_ACCEPT", peer);
    await submit(A, "TRUST_ALLOCATE", "tm-b", 9);
    await submit(A, "CONTACT_REVOKE", "tm-b");
    await submit(A, "TRUST_ALLOCATE", "tm-c", 9);
  });

  it.each([true, false])(
    "is not brought back by an accept where there is no slot, read back or not: %s",
    async (isSynced) => {
      if (isSynced) await t.sync();
      const own = await submit(A, "CONTACT_ACCEPT", "tm-b");
      expect([own.status, own.body.code]).toEqual([409, "slots-full"]);
      expect(own.body.detail).toContain("18");
      // Nor by the other side, who is told whose circle is full.
      const theirs = await submit("tm-b", "CONTACT_ACCEPT", A);
      expect([theirs.status, theirs.body.code]).toEqual([409, "slots-full"]);
      expect(theirs.body.detail).toContain("their circle");
      expect(await code(submit(A, "TRUST_REVOKE", "tm-c"))).toBe("done");
      expect(await code(submit("tm-b", "CONTACT_ACCEPT", A))).toBe("done");
      expect(givenOnLedger(A, false)).toBe(9);
    },
  );

  it("may be reduced if the ledger already holds too much, and shows that", async () => {
    t.devnet.submit(t.devnet.topics.contact, { type: "CONTACT_ACCEPT", from: "tm-b", to: A });
    await t.sync();
    const circle = await t.json<{ trustStats: object }>("/api/circle", A);
    expect(circle.trustStats).toMatchObject({ allocatedOut: 18, overAllocated: true });
    expect(await code(submit(A, "TRUST_ALLOCATE", "tm-b", 10))).toBe("slots-full");
    expect(await code(submit(A, "TRUST_ALLOCATE", "tm-b", 2))).toBe("done");
    expect(givenOnLedger(A, false)).toBe(11);
  });

  it("does not hold up contacts while the database is away", async () => {
    await t.sync();
    Object.assign(t.app.stores.views, { peers: () => Promise.reject(new TierUnavailable("postgres", "away")) });
    expect(await code(submit(A, "CONTACT_ACCEPT", "tm-new"))).toBe("done");
  });
});

describe("the same trust given twice", () => {
  const [A, B] = ["tm-a", "tm-b"];
  const given = () => t.devnet.ledger.topics.get(t.devnet.topics.trust)?.messages.length ?? 0;
  beforeEach(async () => {
    await start("off");
    await submit(A, "CONTACT_ACCEPT", B);
  });

  it.each([true, false])(
    "within moments is written once, and both get one answer, read back or not: %s",
    async (isSynced) => {
      const first = await submit(A, "TRUST_ALLOCATE", B, 1);
      if (isSynced) await t.sync();
      // Weight 1 counts where none is said.
      for (const weight of [1, undefined]) expect(await submit(A, "TRUST_ALLOCATE", B, weight)).toEqual(first);
      expect(given()).toBe(1);
    },
  );

  it("by two tabs at once is written once", async () => {
    // With a key, the two may come in either order.
    const tab = (key: string) => submit(A, "TRUST_ALLOCATE", B, 1, { "idempotency-key": key });
    const [one, other] = await Promise.all([tab("one"), tab("other")]);
    expect(one.status).toBe(200);
    expect(other).toEqual(one);
    expect(given()).toBe(1);
  });

  it.each([
    ["another weight", () => submit(A, "TRUST_ALLOCATE", B, 2)],
    ["trust that was taken back", () => submit(A, "TRUST_REVOKE", B)],
    ["trust that was declined", () => submit(B, "TRUST_DECLINE", A)],
    ["trust of a while ago", () => t.clock.advance(31_000)],
  ])("is written again after %s", async (_, between) => {
    await submit(A, "TRUST_ALLOCATE", B, 1);
    await between();
    const before = given();
    expect(await code(submit(A, "TRUST_ALLOCATE", B, 1))).toBe("done");
    expect(given()).toBe(before + 1);
  });
});
