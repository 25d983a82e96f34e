/**
 * Judges signatures of actors by the keys that their accounts had. The mirror is asked for an account's key at the message's consensus
 * time, so every instance comes to the same verdict, whenever it asks (docs/hedera.md §1).
 *
 *   open signatures ──▶ trusted payers' first ──▶ key known for that time? ──▶ else one look-up within the budget ──▶ verdict
 *
 * A key that is the same at two times counts as the account's key between them, so a stream of one account's messages costs one look-up
 * for each batch. Where a mirror does not answer, the next one is asked. Where none does the signature stays open, and health says so.
 */
import { LRUCache } from "lru-cache";
import { atMostEntries } from "../../../core/bounded-map";
import type { ConsensusNs } from "../../../core/ledger/consensus-time";
import { type AccountId, mayExist } from "../../../core/ledger/ids";
import type { LogEntry } from "../../../core/signals/batch";
import { decodeMessage } from "../../../core/signals/envelope";
import { type Interpretation, isTrusted, type TrustedPayers } from "../../../core/signals/interpret";
import type { DecodedBody, SignatureVerdict } from "../../../core/signals/signal";
import { type SignedMessage, signedIn } from "../../../core/signals/signed";
import type { AccountKey, Ledger } from "../../../ports/ledger/ledger";

type PlainKey = Extract<AccountKey, { readonly bytes: Uint8Array }>;

/** `stored`: the message is on the ledger, and a stranger may have paid for it. `submitted`: a user of this server submits it. */
export type LookupPurpose = "stored" | "submitted";

/** Why no mirror says which key an account had at a time. */
export interface LookupTrouble {
  /** A sentence without its full stop. */
  readonly reason: string;
}

export interface SignatureDeps {
  readonly ledger: Pick<Ledger, "account" | "mirrors">;
  readonly trustedPayers: TrustedPayers;
  /** Takes one look-up from all instances' budget for this purpose. False if there is none left now. */
  readonly reserve: (purpose: LookupPurpose) => Promise<boolean>;
  /** `weak`: everybody can sign for this key. */
  readonly verify: (key: PlainKey, message: Uint8Array, signature: Uint8Array) => "right" | "wrong" | "weak";
  /** A mirror answers again after none did: signatures that stayed open can be judged. */
  readonly onRecovered: () => void;
}

/** Accounts whose keys stay in memory, at some 200 bytes each. */
const REMEMBERED = 20_000;
/** Accounts that are looked up for one batch. The others' signatures stay open, and are judged later. */
const ACCOUNTS_AT_ONCE = 16;

interface Known {
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly key: AccountKey;
}

interface Open extends SignedMessage {
  readonly sequence: number;
  readonly consensusNs: ConsensusNs;
  readonly isTrusted: boolean;
}

export class Signatures {
  private readonly known = new LRUCache<AccountId, Known>(atMostEntries(REMEMBERED));
  private readonly underWay = new Map<AccountId, Promise<unknown>>();
  /** The look-up that no mirror answered last. */
  private unanswered: (LookupTrouble & { readonly accountId: AccountId; readonly ns: ConsensusNs }) | null = null;

  constructor(private readonly deps: SignatureDeps) {}

  /** Null while a mirror answers, and before any was asked. */
  get trouble(): LookupTrouble | null {
    return this.unanswered;
  }

  /** Sends the unanswered look-up again, so that the trouble ends soon after a mirror can answer. Free without trouble. */
  async probe(): Promise<void> {
    if (this.unanswered !== null) await this.ask("stored", this.unanswered.accountId, this.unanswered.ns);
  }

  /**
   * Judges the open signatures of an interpretation, as far as keys are known or can be looked up now. `again` interprets the same
   * messages with these verdicts, by sequence number. Resolves to `view` itself if nothing could be judged.
   */
  async settled(
    view: Interpretation,
    again: (judged: ReadonlyMap<number, SignatureVerdict>) => Interpretation,
  ): Promise<Interpretation> {
    const open = view.entries.filter(({ disposition }) => disposition === "unproven");
    if (open.length === 0) return view;
    const judged = await this.judge(open);
    return judged.size === 0 ? view : again(judged);
  }

  /** The verdict on a message that is about to be written, by the key that the account has now. */
  async judgeNow(decoded: DecodedBody): Promise<SignatureVerdict | null> {
    const signed = signedIn(decoded);
    if (signed === null) return null;
    if (signed.signature === null || signed.texts.length === 0) return "wrong";
    const key = await this.ask("submitted", signed.actor);
    return key === null ? "open" : this.verdictOf(key, signed);
  }

  private async judge(entries: readonly LogEntry[]): Promise<ReadonlyMap<number, SignatureVerdict>> {
    const byAccount = new Map<AccountId, Open[]>();
    for (const open of this.openIn(entries)) {
      const known = byAccount.get(open.actor) ?? [];
      known.push(open);
      byAccount.set(open.actor, known);
    }
    const verdicts = new Map<number, SignatureVerdict>();
    const accounts = [...byAccount].slice(0, ACCOUNTS_AT_ONCE);
    await Promise.all(
      accounts.map(async ([accountId, messages]) => {
        for (const message of endsFirst(messages)) {
          const key = await this.keyAt(accountId, message.consensusNs);
          if (key !== null) verdicts.set(message.sequence, this.verdictOf(key, message));
        }
      }),
    );
    return verdicts;
  }

  /** Messages of trusted payers come first: strangers must not keep them waiting. */
  private openIn(entries: readonly LogEntry[]): readonly Open[] {
    return entries
      .flatMap(({ sequence, consensusNs, payer, body, message }): Open[] => {
        // Signed signals are in no batch.
        const decoded = decodeMessage(body ?? message);
        const signed = decoded.ok ? signedIn(decoded.value) : null;
        if (!decoded.ok || signed === null) return [];
        const isPaid = isTrusted(payer, decoded.value.actor, this.deps.trustedPayers);
        return [{ ...signed, sequence, consensusNs, isTrusted: isPaid }];
      })
      .sort((a, b) => Number(b.isTrusted) - Number(a.isTrusted));
  }

  private verdictOf(key: AccountKey, { texts, signature }: SignedMessage): SignatureVerdict {
    if (!("bytes" in key) || signature === null) return "unprovable";
    const found = texts.map((text) => this.deps.verify(key, new TextEncoder().encode(text), signature));
    return found.includes("weak") ? "unprovable" : found.includes("right") ? "right" : "wrong";
  }

  /** The account's key at a time; null if nobody could be asked. One look-up of an account at a time. */
  private keyAt(accountId: AccountId, ns: ConsensusNs): Promise<AccountKey | null> {
    const before = this.underWay.get(accountId) ?? Promise.resolve();
    const asked = before.then(() => this.keyKnown(accountId, ns) ?? this.askAt(accountId, ns));
    const done = asked
      .catch(() => null)
      .finally(() => {
        if (this.underWay.get(accountId) === done) this.underWay.delete(accountId);
      });
    this.underWay.set(accountId, done);
    return asked;
  }

  private keyKnown(accountId: AccountId, ns: bigint): AccountKey | null {
    const known = this.known.get(accountId);
    return known && ns >= known.fromNs && ns <= known.toNs ? known.key : null;
  }

  private async askAt(accountId: AccountId, ns: ConsensusNs): Promise<AccountKey | null> {
    const key = await this.ask("stored", accountId, ns);
    if (key === null) return null;
    const known = this.known.get(accountId);
    const isSame = known !== undefined && isSameKey(known.key, key);
    const fromNs = isSame && known.fromNs < ns ? known.fromNs : ns;
    const toNs = isSame && known.toNs > ns ? known.toNs : ns;
    this.known.set(accountId, { key, fromNs, toNs });
    return key;
  }

  /** Asks one mirror after the other. Null if none answers, or if the budget ends before one does. */
  private async ask(purpose: LookupPurpose, accountId: AccountId, ns?: ConsensusNs): Promise<AccountKey | null> {
    // Strangers choose whom a signed message names. A refused look-up would look like a fault of the mirror.
    if (!mayExist(accountId)) return { kind: "none" };
    const { ledger, reserve } = this.deps;
    let reason: string | null = null;
    for (const attempt of ledger.mirrors.keys()) {
      if (!(await reserve(purpose))) return null;
      const found = await ledger.account(accountId, ns, { attempt });
      if (found.ok || found.error.code === "not-found") {
        if (ns !== undefined) this.answered();
        return !found.ok || found.value.isDeleted ? { kind: "none" } : found.value.key;
      }
      const { code, message } = found.error;
      if (code === "no-budget" || code === "circuit-open") break;
      reason = message;
    }
    if (ns !== undefined && reason !== null) this.unanswered = { accountId, ns, reason };
    return null;
  }

  private answered(): void {
    if (this.unanswered === null) return;
    this.unanswered = null;
    this.deps.onRecovered();
  }
}

/** The last and the first by time, then the others. If the key was the same at both ends, the others need no look-up. */
function endsFirst(messages: readonly Open[]): readonly Open[] {
  const byTime = messages.toSorted((a, b) => (a.consensusNs < b.consensusNs ? -1 : 1));
  const [first] = byTime;
  const last = byTime.at(-1);
  return first === undefined || last === undefined || first === last ? byTime : [last, first, ...byTime.slice(1, -1)];
}

function isSameKey(a: AccountKey, b: AccountKey): boolean {
  if (!("bytes" in a) || !("bytes" in b)) return a.kind === b.kind;
  return a.kind === b.kind && a.bytes.every((byte, i) => byte === b.bytes[i]);
}
