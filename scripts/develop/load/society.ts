/** The people of a load run, their contacts, and what they write: the model's mix of kinds, in the most common envelope. */
import type { TopicKind } from "@/lib/core/ledger/ids";
import { createRng, type Rng } from "@/lib/devnet/rng";

export interface Written {
  readonly kind: TopicKind;
  readonly actor: string;
  /** The envelope as POST /api/hcs/submit takes it and as it stands on the ledger. */
  readonly envelope: Readonly<Record<string, unknown>>;
}

/** A person trusts only this many contacts, so the nine slots never run out. */
const TRUSTED = 5;

export class Society {
  readonly rng: Rng = createRng(11);
  private lastNonce = 0;

  constructor(
    private readonly users: number,
    private readonly contacts: number,
    private readonly shares: Readonly<Record<TopicKind, number>>,
    /** The current time in seconds. */
    private readonly nowS: () => number,
    /** Differs in each run, so that one set-up can be driven several times. */
    private readonly name: string,
  ) {}

  userId(index: number): string {
    return `tm-${this.name}-${index}`;
  }

  anybody(): string {
    return this.userId(this.rng.int(0, this.users - 1));
  }

  /** Bonds everybody with their neighbours, everybody's first bond first. These messages are on the ledger before the run. */
  *bonds(): Generator<Written & { readonly isFirst: boolean }> {
    for (let step = 1; step <= Math.min(this.contacts, this.users - 1) / 2; step += 1)
      for (let i = 0; i < this.users; i += 1)
        yield { ...this.write("contact", i, 1, { target: this.beside(i, step) }), isFirst: step === 1 };
  }

  next(): Written {
    const index = this.rng.int(0, this.users - 1);
    const kind = this.rng.weighted(this.shares);
    const peer = this.beside(index, this.rng.int(1, Math.max(1, Math.floor(this.contacts / 2))));
    switch (kind) {
      case "contact":
        return this.write(kind, index, 1, { target: peer, handle: `Person ${index}` });
      case "trust":
        return this.write(kind, index, 3, {
          target: this.beside(index, this.rng.int(1, Math.min(TRUSTED, Math.max(1, Math.floor(this.contacts / 2))))),
          weight: 1,
          note: "Knows what they are doing, and says so",
        });
      case "recognition":
        return this.write(kind, index, 5, { target: peer, recognitionId: "reliable", note: "As always" });
      case "profile":
        return this.write(kind, index, "PROFILE_UPDATE", { displayName: `Person ${index} the ${this.lastNonce}th` });
    }
  }

  private beside(index: number, step: number): string {
    return this.userId((index + step) % this.users);
  }

  private write(kind: TopicKind, index: number, type: number | string, payload: Record<string, unknown>): Written {
    this.lastNonce += 1;
    const from = this.userId(index);
    const head = typeof type === "number" ? { hcs: "21", v: "1.0", type } : { type };
    const nonce = this.nowS() * 1_000 + this.lastNonce;
    return { kind, actor: from, envelope: { ...head, from, nonce, ts: this.nowS(), payload } };
  }
}
