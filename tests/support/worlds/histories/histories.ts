/** Random histories of a few people, and their plain replay, which core/signals/projection must agree with. */
import fc from "fast-check";
import { consensusNs } from "@/lib/core/ledger/consensus-time";
import type { Sequence, TopicId } from "@/lib/core/ledger/ids";
import { decodeJson } from "@/lib/core/signals/envelope";
import type { DecodedMessage } from "@/lib/core/signals/projection";

/** One message of a person. Its place in the history gives its time. */
export interface Deed {
  readonly type: string;
  readonly actor: string;
  readonly target: string;
  readonly weight?: number;
  readonly handle?: string;
}

export const PEOPLE = ["tm-a", "tm-b", "tm-c", "0.0.7"];
export const HISTORY_TOPIC = "0.0.77" as TopicId;
const START_NS = 1_700_000_000_000_000_000n;

const pair = fc
  .tuple(fc.nat({ max: PEOPLE.length - 1 }), fc.integer({ min: 1, max: PEOPLE.length - 1 }))
  .map(([a, step]) => ({ actor: PEOPLE[a] as string, target: PEOPLE[(a + step) % PEOPLE.length] as string }));

const TYPES = [
  "CONTACT_REQUEST",
  "CONTACT_ACCEPT",
  "CONTACT_ACCEPTED",
  "CONTACT_BONDED",
  "CONTACT_MIRROR",
  "CONTACT_REVOKE",
  "TRUST_ALLOCATE",
  "TRUST_ALLOCATE",
  "TRUST_ACCEPT",
  "TRUST_REVOKE",
  "TRUST_DECLINE",
  "RECOGNITION_VALIDATE",
  "SOMETHING_ELSE",
];

export const deed: fc.Arbitrary<Deed> = fc
  .record(
    {
      type: fc.constantFrom(...TYPES),
      pair,
      weight: fc.integer({ min: 1, max: 5 }),
      handle: fc.constantFrom("Ann", "Ben", "Cy", "Dee"),
    },
    { requiredKeys: ["type", "pair"] },
  )
  .map(({ pair: people, ...rest }) => ({ ...rest, ...people }));

export const history: fc.Arbitrary<readonly Deed[]> = fc.array(deed, { maxLength: 40, size: "max" });

export const timeOfDeed = (index: number) => consensusNs(START_NS + BigInt(index) * 1_000_003n);

/** Decodes each deed as a flat message. */
export function placed(deeds: readonly Deed[]): readonly DecodedMessage[] {
  return deeds.map((body, index) => {
    const decoded = decodeJson(body);
    if (!decoded.ok) throw new Error(`${decoded.error}: ${JSON.stringify(body)}`);
    const sequence = (index + 1) as Sequence;
    return { decoded: decoded.value, topicId: HISTORY_TOPIC, sequence, consensusNs: timeOfDeed(index) };
  });
}

/** A user's relation to a peer. Times are consensus times of deeds, or null. */
export interface Standing {
  readonly bondedAt: bigint | null;
  readonly incomingAt: bigint | null;
  readonly outgoingAt: bigint | null;
  readonly given: number;
  readonly received: number;
  readonly peerHandle: string | null;
}

/** Replays deeds one after the other, in the order of time. */
export class Replay {
  private readonly bonds = new Map<string, bigint>();
  private readonly asked = new Map<string, bigint>();
  private readonly trust = new Map<string, number>();
  private readonly names = new Map<string, string>();

  constructor(deeds: readonly Deed[]) {
    for (const [index, each] of deeds.entries()) this.take(each, timeOfDeed(index));
  }

  private take({ type, actor, target, weight, handle }: Deed, ns: bigint): void {
    const both = [actor, target].sort().join("|");
    const there = `${actor}>${target}`;
    const back = `${target}>${actor}`;
    switch (type) {
      case "CONTACT_REQUEST":
        if (!this.bonds.has(both)) this.asked.set(there, ns);
        break;
      case "CONTACT_ACCEPT":
      case "CONTACT_ACCEPTED":
      case "CONTACT_BONDED":
      case "CONTACT_MIRROR":
        this.bonds.set(both, ns);
        this.asked.delete(there);
        this.asked.delete(back);
        break;
      case "CONTACT_REVOKE":
        this.bonds.delete(both);
        this.asked.delete(there);
        this.asked.delete(back);
        break;
      case "TRUST_ALLOCATE":
        this.trust.set(there, weight ?? 1);
        break;
      case "TRUST_REVOKE":
        this.trust.delete(there);
        break;
      case "TRUST_DECLINE":
        this.trust.delete(back);
        break;
    }
    if (type.startsWith("CONTACT") && handle !== undefined) this.names.set(there, handle);
  }

  standing(user: string, peer: string): Standing {
    const bondedAt = this.bonds.get([user, peer].sort().join("|")) ?? null;
    return {
      bondedAt,
      incomingAt: this.asked.get(`${peer}>${user}`) ?? null,
      outgoingAt: this.asked.get(`${user}>${peer}`) ?? null,
      given: bondedAt === null ? 0 : (this.trust.get(`${user}>${peer}`) ?? 0),
      received: bondedAt === null ? 0 : (this.trust.get(`${peer}>${user}`) ?? 0),
      peerHandle: this.names.get(`${peer}>${user}`) ?? null,
    };
  }
}
