import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import { type AccountId, ownerOfIssuer, parseUserId, type UserId } from "@/lib/core/ledger/ids";
import type { EvmAddress } from "@/lib/core/ledger/magic-token";
import { bindingOf, type IdentityMessage, MAX_ISSUED_AHEAD_MS } from "@/lib/core/signals/identity-binding";
import type { TrustedPayers } from "@/lib/core/signals/interpret";
import { inZone } from "../../../support/control/time-zone";

const ANA = `0x${"a".repeat(40)}` as EvmAddress;
const BEN = `0x${"b".repeat(40)}` as EvmAddress;
const [OPERATOR, FORMER, STRANGER] = ["0.0.2", "0.0.3", "0.0.666"] as [AccountId, AccountId, AccountId];
const TRUSTED: TrustedPayers = new Set([OPERATOR]);
const START_MS = 1_790_000_000_000;

type Act = "BIND" | "ASSERT" | "ROTATE" | "UNBIND";
interface Given {
  readonly act?: Act;
  readonly account?: string;
  readonly sub?: string;
  /** Milliseconds after the start at which the message says that it was issued. */
  readonly issued?: number;
  /** The same, by the ledger. */
  readonly reached?: number;
  readonly payer?: AccountId | null;
  readonly verification?: IdentityMessage["verification"];
  /** Members that take the place of others. */
  readonly change?: object;
}

function told({ act = "BIND", account = "0.0.7001", issued = 0, reached = issued + 2_000, ...more }: Given = {}) {
  const { sub = `did:ethr:${ANA}`, payer = OPERATOR, verification = "verified", change = {} } = more;
  const payload = act === "ROTATE" ? { to_hedera_id: account } : act === "UNBIND" ? {} : { hedera_account_id: account };
  const iat = new Date(START_MS + issued).toISOString();
  const body = { t: `IDENTITY_${act}`, v: 1, sub, iat, chain: "testnet", payload, ...change };
  const ns = consensusNs(BigInt(START_MS + reached) * 1_000_000n);
  return { body: new TextEncoder().encode(JSON.stringify(body)), payer, consensusNs: ns, verification };
}
const isoOf = (ms: number) => new Date(ms).toISOString();
const accountOf = (messages: readonly IdentityMessage[], trusted: TrustedPayers = TRUSTED) =>
  bindingOf(ANA, messages, trusted)?.accountId;

describe("the account of an identity", () => {
  it.each<[Act, string | null]>([
    ["BIND", "0.0.7001"],
    ["ASSERT", "0.0.7001"],
    ["ROTATE", "0.0.7001"],
    ["UNBIND", null],
  ])("after %s is %s", (act, account) => {
    const message = told({ act });
    expect(bindingOf(ANA, [message], TRUSTED)).toEqual({ accountId: account, sinceNs: message.consensusNs });
  });

  it("is that of the message that was issued last, even if another reached the ledger later", () => {
    const messages = [
      told({ account: "0.0.1", issued: 5_000, reached: 6_000 }),
      told({ account: "0.0.2", issued: 4_000, reached: 9_000 }),
    ];
    expect(accountOf(messages)).toBe("0.0.1");
  });

  it("is that of the later message on the ledger, where both were issued at one time", () => {
    const messages = [told({ act: "UNBIND", reached: 3_000 }), told({ account: "0.0.1", reached: 2_000 })];
    expect([accountOf(messages), accountOf(messages.toReversed())]).toEqual([null, null]);
  });

  it("is not known where no message names the identity, or all name another", () => {
    expect(bindingOf(ANA, [], TRUSTED)).toBeNull();
    expect(bindingOf(ANA, [told({ sub: `did:ethr:${BEN}` })], TRUSTED)).toBeNull();
  });

  it("is found whatever the case in which the message writes the identity", () => {
    expect(accountOf([told({ sub: `did:ethr:0x${"A".repeat(40)}` })])).toBe("0.0.7001");
  });

  it.each(["Asia/Tokyo", "America/New_York", "UTC"])(
    "is the same on a server in %s, although a message names no zone",
    (zone) => {
      const messages = [
        told({ account: "0.0.1", change: { iat: isoOf(START_MS - 3_600_000).replace("Z", "") } }),
        told({ account: "0.0.2", change: { iat: isoOf(START_MS) } }),
      ];
      expect(inZone(zone, () => accountOf(messages))).toBe("0.0.2");
      const later = told({ account: "0.0.3", change: { iat: isoOf(START_MS + 60_000).replace("Z", "") } });
      expect(inZone(zone, () => accountOf([...messages, later]))).toBe("0.0.3");
    },
  );

  const ended = told({ act: "UNBIND" });
  it.each<[string, Given]>([
    ["a stranger paid for it", { payer: STRANGER }],
    ["nobody knows who paid for it", { payer: null }],
    ["its payer is the account that it names", { payer: "0.0.7001" as AccountId }],
    ["its hash was not verified", { verification: "unverifiable" }],
    ["it names an account that cannot exist", { account: "0.0.0" }],
    ["it names an account beyond what the ledger can count", { account: "0.0.9223372036854775808" }],
    ["it names an Ethereum address as its account", { account: `0x${"1".repeat(40)}` }],
    ["it names no account", { change: { payload: {} } }],
    ["it does not say when it was issued", { change: { iat: undefined } }],
    ["its time is no time", { change: { iat: "soon" } }],
    ["its time is no ISO 8601", { change: { iat: "Nov 27 2026 10:00" } }],
    ["its time is far ahead of the ledger's", { issued: MAX_ISSUED_AHEAD_MS + 2_001, reached: 2_000 }],
    ["its identity is no address", { sub: "did:ethr:ana" }],
    ["its identity is of another method", { sub: "did:key:z6mk" }],
    ["it is no message about an identity", { change: { t: "CONTACT_REQUEST" } }],
  ])("does not change by a message if %s", (_, given) => {
    const later = told({ account: "0.0.666", issued: 10_000, ...given });
    expect(bindingOf(ANA, [ended, later], TRUSTED)).toEqual({ accountId: null, sinceNs: ended.consensusNs });
    expect(accountOf([ended, told({ account: "0.0.666", issued: 10_000 })])).toBe("0.0.666");
  });

  it("may come from a clock that is minutes ahead", () => {
    expect(accountOf([ended, told({ issued: MAX_ISSUED_AHEAD_MS + 2_000, reached: 2_000 })])).toBe("0.0.7001");
  });

  it("is nobody's where everybody may write for others", () => {
    expect(accountOf([told()], "*")).toBeUndefined();
  });

  it("is no longer the one that a payer stated who is not trusted any more", () => {
    const messages = [told({ account: "0.0.1" }), told({ account: "0.0.2", issued: 9_000, payer: FORMER })];
    expect(accountOf(messages, new Set([OPERATOR, FORMER]))).toBe("0.0.2");
    expect(accountOf(messages)).toBe("0.0.1");
  });

  const given: fc.Arbitrary<Given> = fc.record({
    act: fc.constantFrom<Act>("BIND", "ASSERT", "ROTATE", "UNBIND"),
    account: fc.constantFrom("0.0.1", "0.0.2", "0.0.3"),
    sub: fc.constantFrom(`did:ethr:${ANA}`, `DID:ETHR:${ANA.toUpperCase()}`, `did:ethr:${BEN}`),
    issued: fc.integer({ min: 0, max: 5 }).map((n) => n * 100_000),
    payer: fc.constantFrom(OPERATOR, OPERATOR, STRANGER, null),
    verification: fc.constantFrom("verified", "verified", "unverifiable"),
  });
  /** Each message has a time of its own on the ledger. */
  const placed = fc
    .array(given, { maxLength: 12 })
    .map((all) => all.map((each, i) => told({ ...each, reached: i * 7_000 })));

  it("depends neither on the order of the messages nor on repeated ones", () => {
    const shuffled = placed.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })),
    );
    fc.assert(
      fc.property(shuffled, ([all, other]) => {
        expect(bindingOf(ANA, other, TRUSTED)).toEqual(bindingOf(ANA, all, TRUSTED));
      }),
    );
  });

  it("is what a plain replay in the order of their times gives", () => {
    fc.assert(
      fc.property(fc.array(given, { maxLength: 12 }), (all) => {
        const counted = all
          .map((each, i) => ({ each, ms: each.issued ?? 0, reached: i * 7_000 }))
          .filter(({ each, ms, reached }) => {
            const isOurs = each.sub?.toLowerCase() === `did:ethr:${ANA}`;
            return (
              isOurs &&
              each.payer === OPERATOR &&
              each.verification === "verified" &&
              ms <= reached + MAX_ISSUED_AHEAD_MS
            );
          })
          .sort((a, b) => a.ms - b.ms || a.reached - b.reached);
        const last = counted.at(-1)?.each;
        const expected = last && (last.act === "UNBIND" ? null : last.account);
        expect(accountOf(all.map((each, i) => told({ ...each, reached: i * 7_000 })))).toBe(expected);
      }),
    );
  });

  it("does not change by any number of messages that strangers paid for", () => {
    fc.assert(
      fc.property(placed, fc.array(given), (all, more) => {
        const strangers = more.map((each, i) => told({ ...each, payer: STRANGER, reached: 1_000_000 + i }));
        expect(bindingOf(ANA, [...all, ...strangers], TRUSTED)).toEqual(bindingOf(ANA, all, TRUSTED));
      }),
    );
  });
});

describe("the owner of an identity's rows", () => {
  it("is no user's id, and neither is the identity of an address, so nobody can act or be looked up as one", () => {
    const address = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(address, (hex) => {
        const issuer = `0x${hex}` as EvmAddress;
        expect([parseUserId(ownerOfIssuer(issuer)), parseUserId(`did:ethr:${issuer}`)]).toEqual([null, null]);
      }),
    );
  });

  it("is another one for each address", () => {
    expect(ownerOfIssuer(ANA)).not.toBe(ownerOfIssuer(BEN) as UserId);
  });
});
