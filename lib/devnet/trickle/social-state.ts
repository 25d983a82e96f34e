/**
 * Understands just enough of the ledger to act plausibly on it: who is bonded, who waits for an answer, who trusts whom. Takes
 * messages in the order of the ledger. Views are the app's business.
 */
import { decodeMessage } from "@/lib/core/signals/envelope";
import type { DevnetMessage } from "../ledger/types";

export interface PendingRequest {
  readonly from: string;
  readonly to: string;
  readonly sinceMs: number;
}

export class SocialState {
  readonly #contacts = new Map<string, Set<string>>();
  readonly #pending = new Map<string, PendingRequest>();
  readonly #trusted = new Map<string, Set<string>>();

  /** Takes in a message of a topic, in order. Answers who acted, if that can be read. */
  observe(message: DevnetMessage): string | null {
    const decoded = decodeMessage(message.bytes);
    if (!decoded.ok) return null;
    const { type, actor, target } = decoded.value;
    if (actor === null || target === null) return null;
    const pair = [actor, target].sort().join(" ");
    if (type === "CONTACT_REQUEST" && !this.isBonded(actor, target)) {
      this.#pending.set(pair, { from: actor, to: target, sinceMs: Number(message.consensusNs / 1_000_000n) });
    } else if (type === "CONTACT_ACCEPT") {
      this.#pending.delete(pair);
      of(this.#contacts, actor).add(target);
      of(this.#contacts, target).add(actor);
    } else if (type === "CONTACT_REVOKE") {
      this.#pending.delete(pair);
      of(this.#contacts, actor).delete(target);
      of(this.#contacts, target).delete(actor);
    } else if (type === "TRUST_ALLOCATE") {
      of(this.#trusted, actor).add(target);
    } else if (type === "TRUST_REVOKE") {
      of(this.#trusted, actor).delete(target);
    } else if (type === "TRUST_DECLINE") {
      of(this.#trusted, target).delete(actor);
    }
    return actor;
  }

  isBonded(a: string, b: string): boolean {
    return this.#contacts.get(a)?.has(b) ?? false;
  }

  isPending(a: string, b: string): boolean {
    return this.#pending.has([a, b].sort().join(" "));
  }

  contactsOf(userId: string): string[] {
    return [...(this.#contacts.get(userId) ?? [])];
  }

  trustedBy(userId: string): ReadonlySet<string> {
    return this.#trusted.get(userId) ?? new Set();
  }

  pending(): PendingRequest[] {
    return [...this.#pending.values()];
  }
}

function of(map: Map<string, Set<string>>, key: string): Set<string> {
  const set = map.get(key) ?? new Set();
  map.set(key, set);
  return set;
}
