import "server-only";
/** The signed-in caller of a request: by the session's cookie, or by a token of Magic's. */
import { type Awaitable, andThen } from "../../core/awaitable";
import type { SessionId, UserId } from "../../core/ledger/ids";
import type { App } from "../boot/app";
import type { ApiRequest } from "../http/api-request";
import type { MagicSession } from "./magic-sign-in";
import { bearerToken } from "./secrets";

/** A signed-in caller. */
export interface SignedIn {
  readonly userId: UserId;
  /** The session that admits the caller: the token's if there is one, otherwise the cookie's. */
  readonly session: SessionId;
  /** Set-Cookie for a caller whose cookie is not this user's, so that later requests need no token; null if the cookie is this user's. */
  readonly setCookie: string | null;
}

type Access = Pick<App, "sessions" | "magic" | "limits">;

/**
 * The signed-in caller; null without a session. A token takes precedence over the cookie, because the person in the browser may have
 * changed. A refused token does not fall back to the cookie: it throws ProblemError.
 */
export function callerOf(app: Access, request: ApiRequest): Awaitable<SignedIn | null> {
  return andThen(app.sessions.sessionOf(request.headers.get("cookie")), (cookie) =>
    andThen(magicSessionOf(app, request, cookie?.userId ?? null), (magic) => {
      const admitting = magic ?? cookie;
      if (admitting === null) return null;
      const { id: session, userId } = admitting;
      if (userId === cookie?.userId) return { userId, session, setCookie: null };
      return app.sessions.issue(userId, app.magic.sessionMs).then((setCookie) => ({ userId, session, setCookie }));
    }),
  );
}

/**
 * The session of the request's Magic token; null without a token, and where no Magic application is configured. `cookieUser`: the
 * user whose session the request's cookie has.
 */
export function magicSessionOf(
  { magic, limits }: Pick<App, "magic" | "limits">,
  request: ApiRequest,
  cookieUser: UserId | null,
): Awaitable<MagicSession | null> {
  const token = magic.isOn ? bearerToken(request.headers) : null;
  if (token === null) return null;
  return magic.sessionOf(token, async () => {
    // Checking a signature and asking the mirror cost as much as any other sign-in.
    const address = limits.addressOf((name) => request.headers.get(name));
    await limits.spendAddress(cookieUser === null ? "sign-in" : "token", address);
    if (cookieUser !== null) await limits.spendUser("token", cookieUser);
  });
}
