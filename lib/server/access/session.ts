import "server-only";
/**
 * Sessions as signed tokens in a cookie. The first secret signs, all of them verify, so that secrets can be rotated. A token
 * that was verified once is remembered until it expires: the signature costs 76 µs, a look-up less than one (docs/measurements.md §1).
 * Whether its user has signed out everywhere since is asked each time, of a map in memory.
 */
import { createSecretKey, hash, type KeyObject, randomUUID } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { parseUserId, type SessionId, sessionId, type UserId } from "../../core/ledger/ids";
import type { SignOuts } from "../../engine/writes/sign-outs";
import type { Clock } from "../../ports/clock";

const MAX_AGE_S = 7 * 24 * 3_600;
export const SESSION_MS = MAX_AGE_S * 1_000;
const REMEMBERED = 100_000;

export interface SessionOptions {
  readonly secrets: readonly string[];
  /** Tokens of one network mean nothing on another. */
  readonly network: string;
  /** `__Host-` and Secure need TLS; the devnet is plain HTTP on the loopback. */
  readonly isSecure: boolean;
  readonly clock: Clock;
  readonly signOuts: Pick<SignOuts, "isOver" | "issueMs">;
}

export interface Session {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly issuedMs: number;
  readonly expiresS: number;
}

/** A browser takes a `__Host-` cookie over TLS only. */
export const SESSION_COOKIES = { secure: "__Host-tm_session", plain: "tm_session" } as const;

export class Sessions {
  private readonly keys: readonly KeyObject[];
  private readonly cookieName: string;
  private readonly remembered = new LRUCache<string, Session>({ max: REMEMBERED });

  constructor(private readonly options: SessionOptions) {
    this.keys = options.secrets.map((secret) => createSecretKey(Buffer.from(secret)));
    this.cookieName = SESSION_COOKIES[options.isSecure ? "secure" : "plain"];
  }

  /** The Set-Cookie value that signs `userId` in. */
  async issue(userId: UserId): Promise<string> {
    const nowS = Math.floor(this.options.clock.now() / 1_000);
    // `iat` is in seconds: too coarse to tell a session from the sign-out before it.
    const token = await new SignJWT({ ms: this.options.signOuts.issueMs(userId) })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(userId)
      // Two sessions that begin at the same moment are two: one of them may end.
      .setJti(randomUUID())
      .setAudience(this.options.network)
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + MAX_AGE_S)
      .sign(this.keys[0] as KeyObject);
    return this.cookie(token, MAX_AGE_S);
  }

  /** The Set-Cookie value that signs out. */
  clear(): string {
    return this.cookie("", 0);
  }

  /** The signed-in user of a Cookie header; null where there is none, or it is expired, over or not ours. */
  async userOf(cookieHeader: string | null): Promise<UserId | null> {
    return (await this.sessionOf(cookieHeader))?.userId ?? null;
  }

  /** The same with what tells this session from the user's others. */
  async sessionOf(cookieHeader: string | null): Promise<Session | null> {
    const token = cookieValue(cookieHeader, this.cookieName);
    if (!token) return null;
    const nowS = this.options.clock.now() / 1_000;
    const session = this.remembered.get(token) ?? (await this.verified(token, nowS));
    if (session === null || session.expiresS <= nowS) return null;
    return this.options.signOuts.isOver(session.userId, session.id, session.issuedMs) ? null : session;
  }

  private async verified(token: string, nowS: number): Promise<Session | null> {
    for (const key of this.keys) {
      try {
        const { payload } = await jwtVerify(token, key, {
          audience: this.options.network,
          algorithms: ["HS256"],
          currentDate: new Date(nowS * 1_000),
        });
        const userId = parseUserId(payload.sub);
        if (!userId || payload.exp === undefined) return null;
        const issuedMs = typeof payload.ms === "number" ? payload.ms : (payload.iat ?? 0) * 1_000;
        const session = { id: idOf(token), userId, issuedMs, expiresS: payload.exp };
        this.remembered.set(token, session);
        return session;
      } catch {
        // Not signed by this key, expired, or no token at all: the next key may know it.
      }
    }
    return null;
  }

  private cookie(value: string, maxAgeS: number): string {
    const flags = `Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeS}${this.options.isSecure ? "; Secure" : ""}`;
    return `${this.cookieName}=${value}; ${flags}`;
  }
}

/** By what is signed: the signature itself has other spellings, which verify as well. */
const idOf = (token: string): SessionId =>
  sessionId(hash("sha256", token.slice(0, token.lastIndexOf(".")), "base64url").slice(0, 22));

function cookieValue(header: string | null, name: string): string | null {
  for (const pair of header?.split(";") ?? []) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return null;
}
