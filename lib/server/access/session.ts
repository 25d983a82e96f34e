import "server-only";
/**
 * Sessions are signed tokens in a cookie. The first secret signs and all of them verify, so that an operator can rotate them. A
 * verified token is remembered until it expires: verifying a signature costs 76 µs, a look-up less than one
 * (docs/measurements.md §1). Each request also checks a map in memory for a later sign-out.
 */
import { createSecretKey, hash, type KeyObject, randomUUID } from "node:crypto";
import { parseCookie, stringifySetCookie } from "cookie";
import { jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { type Awaitable, andThen } from "../../core/awaitable";
import { atMostEntries } from "../../core/bounded-map";
import { parseUserId, type SessionId, sessionId, type UserId } from "../../core/ledger/ids";
import type { SignOuts } from "../../engine/writes/sign-outs";
import type { Clock } from "../../ports/clock";

/** A session lasts a week. Within it, a sign-out ends it on every instance. */
export const SESSION_MS = 7 * 24 * 3_600_000;
/** Verified tokens kept in memory. */
const REMEMBERED = 100_000;
/** Cookie headers whose session is kept in memory, and the longest of them in characters. */
const REMEMBERED_HEADERS = 10_000;
const MAX_REMEMBERED_HEADER = 1_000;
/** Tokens contain no percent signs, so decoding would be wasted work. */
const AS_IT_IS = { decode: (value: string) => value };

export interface SessionOptions {
  readonly secrets: readonly string[];
  /** A token of one network is not valid on another. */
  readonly network: string;
  /** Set for `__Host-` cookies and Secure, which need TLS. The devnet is plain HTTP on the loopback. */
  readonly isSecure: boolean;
  readonly clock: Clock;
  readonly signOuts: Pick<SignOuts, "isOver" | "issueMs">;
}

/** A valid session. */
export interface Session {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly issuedMs: number;
  readonly expiresS: number;
}

/** Browsers accept a `__Host-` cookie over TLS only. */
export const SESSION_COOKIES = { secure: "__Host-tm_session", plain: "tm_session" } as const;

export class Sessions {
  private readonly keys: readonly KeyObject[];
  private readonly cookieName: string;
  /** Requests of one page have the same header. */
  private readonly byHeader = new LRUCache<string, Session>(atMostEntries(REMEMBERED_HEADERS));
  /** By the token's digest. V8 stores a token as a slice of its header, so the token as a key would keep other cookies in memory. */
  private readonly byToken = new LRUCache<string, Session>(atMostEntries(REMEMBERED));

  constructor(private readonly options: SessionOptions) {
    this.keys = options.secrets.map((secret) => createSecretKey(Buffer.from(secret)));
    this.cookieName = SESSION_COOKIES[options.isSecure ? "secure" : "plain"];
  }

  /** The Set-Cookie value that signs `userId` in. `lifeMs`: how long the session lasts, SESSION_MS at the most. */
  async issue(userId: UserId, lifeMs = SESSION_MS): Promise<string> {
    const maxAgeS = Math.floor(lifeMs / 1_000);
    const nowS = Math.floor(this.options.clock.now() / 1_000);
    // `iat` counts seconds, which cannot tell a session from a sign-out within the same second.
    const token = await new SignJWT({ ms: this.options.signOuts.issueMs(userId) })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(userId)
      // Tells apart two sessions that begin at the same moment.
      .setJti(randomUUID())
      .setAudience(this.options.network)
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + maxAgeS)
      .sign(this.keys[0] as KeyObject);
    return this.cookie(token, maxAgeS);
  }

  /** The Set-Cookie value that signs out. */
  clear(): string {
    return this.cookie("", 0);
  }

  /** The signed-in user of a Cookie header. Null if there is no session, or it has expired, was ended, or is not ours. */
  userOf(cookieHeader: string | null): Awaitable<UserId | null> {
    return andThen(this.sessionOf(cookieHeader), (session) => session?.userId ?? null);
  }

  /** The session of a Cookie header, with its id. Null in the same cases as `userOf`. */
  sessionOf(cookieHeader: string | null): Awaitable<Session | null> {
    if (cookieHeader === null) return null;
    const nowS = this.options.clock.now() / 1_000;
    return andThen(this.byHeader.get(cookieHeader) ?? this.sessionIn(cookieHeader, nowS), (session) => {
      if (session === null || session.expiresS <= nowS) return null;
      return this.options.signOuts.isOver(session.userId, session.id, session.issuedMs) ? null : session;
    });
  }

  /** The session of a header that is not remembered. Null if its token is missing or not ours. */
  private sessionIn(cookieHeader: string, nowS: number): Awaitable<Session | null> {
    const token = parseCookie(cookieHeader, AS_IT_IS)[this.cookieName];
    if (!token) return null;
    const digest = hash("sha256", token, "base64url");
    return andThen(this.byToken.get(digest) ?? this.verified(token, nowS), (session) => {
      if (session === null) return null;
      this.byToken.set(digest, session);
      if (cookieHeader.length <= MAX_REMEMBERED_HEADER) this.byHeader.set(cookieHeader, session);
      return session;
    });
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
        return { id: idOf(token), userId, issuedMs, expiresS: payload.exp };
      } catch {
        // The token is malformed, expired, or signed by another key. The next key may accept it.
      }
    }
    return null;
  }

  private cookie(value: string, maxAgeS: number): string {
    return stringifySetCookie({
      ...{ name: this.cookieName, value, maxAge: maxAgeS, path: "/" },
      ...{ httpOnly: true, secure: this.options.isSecure, sameSite: "lax" },
    });
  }
}

/** Hashes the signed part only, because one signature has several valid spellings. */
const idOf = (token: string): SessionId =>
  sessionId(hash("sha256", token.slice(0, token.lastIndexOf(".")), "base64url").slice(0, 22));
