/** Writes messages to the ledger: bonds and trust of a few people, long texts in chunks, and undecodable bodies. */
import type { AccountId, TopicKind } from "@/lib/core/ledger/ids";
import type { Devnet } from "@/lib/devnet/devnet";
import { createRng, type Rng } from "@/lib/devnet/rng";

type Body = Uint8Array | string | object;
type Act = readonly [kind: TopicKind, body: Body, payer?: AccountId];

/** Few people, so that every batch changes the same rows again. */
const PEOPLE = Array.from({ length: 24 }, (_, i) => `tm-fed-${i}`);
const DEFINITIONS = ["rec-reliable", "rec-kind", "rec-quick"];
/** An account that is no trusted payer. */
const STRANGER = "0.0.6660013" as AccountId;
/** Three to six chunks of 1,024 bytes. */
const LONG_BYTES = [2_100, 5_900] as const;
const MAX_AT_ONCE = 6;

export class Feed {
  private readonly rng: Rng;
  /** Ledger messages so far. Each chunk counts. */
  written = 0;

  constructor(
    private readonly devnet: Devnet,
    seed: number,
  ) {
    this.rng = createRng(seed);
  }

  get people(): readonly string[] {
    return PEOPLE;
  }

  /** Writes one to six messages, each to the topic of its kind. */
  once(): void {
    const count = 1 + Math.floor(this.rng.next() * MAX_AT_ONCE);
    for (let i = 0; i < count; i += 1) {
      const [kind, body, payer] = this.act();
      const options = payer === undefined ? {} : { payer };
      this.written += this.devnet.submit(this.devnet.topics[kind], body, options).length;
    }
  }

  private act(): Act {
    const { rng } = this;
    const [actor = "", target = ""] = rng.sample(PEOPLE, 2);
    const pair = { actor, target };
    const kind = rng.weighted({
      contact: 8,
      trust: 6,
      profile: 2,
      long: 1,
      mint: 3,
      definition: 1,
      forged: 1,
      poison: 2,
    });
    switch (kind) {
      case "contact":
        return [
          "contact",
          {
            type: rng.pick(["CONTACT_REQUEST", "CONTACT_ACCEPT", "CONTACT_ACCEPT", "CONTACT_REVOKE"]),
            handle: `@${actor}`,
            ...pair,
          },
        ];
      case "trust":
        return [
          "trust",
          { type: rng.pick(["TRUST_ALLOCATE", "TRUST_ALLOCATE", "TRUST_REVOKE", "TRUST_DECLINE"]), weight: 1, ...pair },
        ];
      case "profile":
        return ["profile", { type: "PROFILE_UPDATE", actor, displayName: `${actor} ${this.written}` }];
      case "long":
        return ["profile", { type: "PROFILE_UPDATE", actor, displayName: actor, bio: this.longText() }];
      case "mint":
        return ["recognition", { type: "RECOGNITION_MINT", recognitionId: rng.pick(DEFINITIONS), ...pair }];
      case "definition":
        return [
          "recognition",
          { type: "RECOGNITION_DEFINITION", id: rng.pick(DEFINITIONS), title: `Title ${this.written}`, actor },
        ];
      case "forged":
        return ["contact", { type: "CONTACT_REVOKE", ...pair }, STRANGER];
      case "poison":
        return [rng.pick(["contact", "trust", "recognition", "profile"] as const), this.poison()];
    }
  }

  private longText(): string {
    const [least, most] = LONG_BYTES;
    return "All of this is one message. ".repeat(200).slice(0, least + Math.floor(this.rng.next() * (most - least)));
  }

  private poison(): Body {
    return this.rng.pick<Body>([
      Uint8Array.from([0xff, 0xfe, 0x00, 0xc3, 0x28]),
      '{"type":"CONTACT_ACCEPT","actor":"tm-',
      "hello world",
      [1, 2, 3],
      { type: "CONTACT_REQUEST", actor: "a".repeat(51), target: "tm-fed-0" },
      { type: "T".repeat(51), actor: "tm-fed-0", target: "tm-fed-1" },
    ]);
  }
}
