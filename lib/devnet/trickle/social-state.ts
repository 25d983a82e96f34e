/**
 * Just enough understanding of what is on the ledger to act plausibly on it: who is bonded, who waits for an answer, who
 * trusts whom. (The app's own understanding is core's; a devnet must not depend on the thing it tests.)
 */
import type { LedgerMessage } from "../ledger/types";

export interface PendingRequest {
  readonly from: string;
  readonly to: string;
  readonly sinceMs: number;
}

interface Read {
  readonly type: string;
  readonly actor: string;
  readonly target: string;
}

const NUMBERS = ["CONTACT_REQUEST", "CONTACT_ACCEPT", "CONTACT_REVOKE", "TRUST_ALLOCATE", "TRUST_REVOKE"];
const ACCEPTS = new Set(["CONTACT_ACCEPT", "CONTACT_ACCEPTED", "CONTACT_BONDED", "CONTACT_MIRROR"]);

export class SocialState {
  readonly #contacts = new Map<string, Set<string>>();
  readonly #pending = new Map<string, PendingRequest>();
  readonly #trusted = new Map<string, Set<string>>();

  /** Takes in a message; of a topic, in order. Answers who did it, where that can be read. */
  observe(message: LedgerMessage): string | null {
    const read = readMessage(message.bytes);
    if (!read) return null;
    const { type, actor, target } = read;
    const pair = [actor, target].sort().join(" ");
    if (type === "CONTACT_REQUEST" && !this.isBonded(actor, target)) {
      this.#pending.set(pair, { from: actor, to: target, sinceMs: Number(message.consensusNs / 1_000_000n) });
    } else if (ACCEPTS.has(type)) {
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

function readMessage(bytes: Uint8Array): Read | null {
  // biome-ignore lint/suspicious/noExplicitAny: anything may be on a topic
  let body: any;
  try {
    body = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return null;
  }
  if (!body || typeof body !== "object") return null;
  const named =
    body.type ?? body.kind ?? (body.schema ? "CONTACT_REQUEST" : "amount" in body ? "TRUST_ALLOCATE" : null);
  const type = body.hcs === "21" ? NUMBERS[body.type] : named;
  const from = body.actors?.from ?? body.from ?? body.actor;
  const to = body.payload?.target ?? body.actors?.to ?? body.to ?? body.target;
  const [actor, target] = [from?.acct ?? from, to?.acct ?? to];
  if (typeof type !== "string" || typeof actor !== "string" || typeof target !== "string") return null;
  return { type: type.toUpperCase(), actor, target };
}
