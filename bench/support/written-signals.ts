/**
 * Signals of many people as this server writes them, in the plan's mix. Their notes are free text: words from this repository's
 * documents, as frequent as there, in an order that never repeats. The same seed gives the same signals.
 */
import { readdirSync, readFileSync } from "node:fs";
import { DEFAULT_INPUTS } from "@/lib/core/capacity/inputs";
import type { TopicKind } from "@/lib/core/ledger/ids";
import { createRng, type Rng } from "@/lib/devnet/rng";
import type { Act } from "@/lib/devnet/seed/acts";
import { writeEnvelope } from "@/lib/devnet/seed/envelopes";

export interface WrittenSignal {
  readonly kind: TopicKind;
  readonly message: Uint8Array;
}

/** Accounts of Hedera's testnet lie around these. */
const [FIRST_ACCOUNT, LAST_ACCOUNT] = [7_000_000, 7_999_999];
const MESSAGE = new TextEncoder();
const DOCUMENTS = new URL("../../docs/", import.meta.url);

function vocabulary(): readonly string[] {
  const texts = readdirSync(DOCUMENTS).filter((name) => name.endsWith(".md"));
  const text = texts.map((name) => readFileSync(new URL(name, DOCUMENTS), "utf8")).join("\n");
  return text.match(/\b[a-z]{2,14}\b/gi)?.map((word) => word.toLowerCase()) ?? [];
}

export class WrittenSignals {
  private readonly words = vocabulary();
  private readonly rng: Rng;

  constructor(seed: number) {
    this.rng = createRng(seed);
  }

  /** A signal that somebody makes at `nowMs`. */
  next(nowMs: number): WrittenSignal {
    const { rng } = this;
    const kind = rng.weighted(DEFAULT_INPUTS.kindShares);
    const act = this.act(kind);
    // The web UI's form and ours both carry a nonce and a time.
    const form = kind === "profile" || rng.chance(0.5) ? "legacy" : "hcs21";
    const context = { ts: Math.floor(nowMs / 1_000), nonce: Math.floor(nowMs), nameOf: () => this.text(2, 2) };
    return { kind, message: MESSAGE.encode(JSON.stringify(writeEnvelope(act, context, rng, form))) };
  }

  private act(kind: TopicKind): Act {
    const { rng } = this;
    const [actor, target] = [this.account(), this.account()];
    switch (kind) {
      case "contact":
        if (rng.chance(0.45)) return { type: "CONTACT_REQUEST", actor, target, note: this.text(3, 10) };
        return { type: rng.chance(0.9) ? "CONTACT_ACCEPT" : "CONTACT_REVOKE", actor, target };
      case "trust":
        if (rng.chance(0.15)) return { type: "TRUST_REVOKE", actor, target };
        return { type: "TRUST_ALLOCATE", actor, target, weight: 1, category: this.text(1, 1), note: this.text(3, 8) };
      case "recognition":
        return { type: "RECOGNITION_MINT", actor, target, recognitionId: this.text(1, 1), note: this.text(4, 14) };
      case "profile": {
        const profile = { displayName: this.text(2, 2), handle: this.text(1, 1), bio: this.text(6, 20) };
        return { type: "PROFILE_UPDATE", actor, profile };
      }
    }
  }

  private account(): string {
    return `0.0.${this.rng.int(FIRST_ACCOUNT, LAST_ACCOUNT)}`;
  }

  private text(least: number, most: number): string {
    const { rng } = this;
    return Array.from({ length: rng.int(least, most) }, () => rng.pick(this.words)).join(" ");
  }
}
