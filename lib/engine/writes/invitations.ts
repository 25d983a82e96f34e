/**
 * Invitations that a person has registered with their own session. A bond needs both people: an invitation is the inviter's half. It counts
 * once, for the first person that accepts it, until it expires. It lives in the hot cache, with nonces and first answers, so all instances
 * share it where they share Redis. If it is lost, the inviter shows a new code.
 */
import { keyOf } from "../../core/key";
import type { UserId } from "../../core/ledger/ids";
import type { Clock } from "../../ports/clock";
import type { HotCache } from "../../ports/shared/hot-cache";

/** An inviter's half of a bond, until it is taken or expires. */
export interface Invitation {
  readonly inviter: UserId;
  /** The inviter's own name of this invitation. */
  readonly jti: string;
  /** The inviter's name; null if the invitation has none. */
  readonly handle: string | null;
  /** Epoch milliseconds. */
  readonly untilMs: number;
}

/** Text that a short code stands for. `untilMs`: epoch milliseconds. */
export interface ShortText {
  readonly text: string;
  readonly untilMs: number;
}

export interface InvitationsDeps {
  readonly hot: Pick<HotCache, "attempt" | "finish" | "abandon">;
  readonly clock: Pick<Clock, "now">;
  /** A code that nobody can guess. */
  readonly newCode: () => string;
}

/** The digest of every entry. Only this class stores under these keys, so its entries need not be told apart by their digests. */
const OURS = "invitation";
/** Looking up a missing key claims it. The claim is given back at once; if that fails, it expires after this time. */
const LOOK_MS = 1_000;

const openKey = (inviter: UserId, jti: string) => keyOf("invitation", inviter, jti);
const takenKey = (inviter: UserId, jti: string) => keyOf("invitation-taken", inviter, jti);
const codeKey = (code: string) => keyOf("invitation-code", code);

/** Each method is one to three commands, and rejects with TierUnavailable (redis). */
export class Invitations {
  constructor(private readonly deps: InvitationsDeps) {}

  /** Registers an invitation, and returns a short code for its text. */
  async register(invitation: Invitation, short: ShortText): Promise<string> {
    const code = this.deps.newCode();
    await this.keep(codeKey(code), short, short.untilMs);
    await this.keep(openKey(invitation.inviter, invitation.jti), invitation, invitation.untilMs);
    return code;
  }

  /** The text behind a code; null if there is none, or no longer. */
  textOf(code: string): Promise<ShortText | null> {
    return this.look<ShortText>(codeKey(code));
  }

  /** Takes the invitation for `by`. Null if there is none, if it has expired, or if it was taken before. */
  async take(inviter: UserId, jti: string, by: UserId): Promise<Invitation | null> {
    const invitation = await this.look<Invitation>(openKey(inviter, jti));
    if (invitation === null) return null;
    const leftMs = Math.max(LOOK_MS, invitation.untilMs - this.deps.clock.now());
    const claim = await this.deps.hot.attempt(takenKey(inviter, jti), keyOf(by), leftMs);
    return claim.kind === "first" ? invitation : null;
  }

  /** Gives a taken invitation back: nothing was written on its evidence. */
  giveBack({ inviter, jti }: Invitation): Promise<void> {
    return this.deps.hot.abandon(takenKey(inviter, jti));
  }

  private async keep(key: string, value: object, untilMs: number): Promise<void> {
    await this.deps.hot.finish(key, OURS, JSON.stringify(value), Math.max(1, untilMs - this.deps.clock.now()));
  }

  private async look<T extends { readonly untilMs: number }>(key: string): Promise<T | null> {
    const { hot, clock } = this.deps;
    const found = await hot.attempt(key, OURS, LOOK_MS);
    if (found.kind === "first") await hot.abandon(key);
    if (found.kind !== "done") return null;
    const value = JSON.parse(found.answer) as T;
    return value.untilMs > clock.now() ? value : null;
  }
}
