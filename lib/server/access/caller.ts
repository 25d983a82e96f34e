import "server-only";
/** The signed-in caller of a request: by the session's cookie, or by a token of Magic's. */
import type { UserId } from "../../core/ledger/ids";
import type { App } from "../boot/app";
import type { MagicSession } from "./magic-sign-in";
import { bearerToken } from "./secrets";

export interface SignedIn {
  readonly userId: UserId;
  /** Set-Cookie for a caller whose cookie is not this user's, so that later requests need no token. */
  readonly setCookie: string | null;
}

type Access = Pick<App, "sessions" | "magic" | "limits">;

/**
 * Null without a session. A token counts before the cookie, since the person in the browser may have changed. One that is refused
 * does not fall back to the cookie: it throws ProblemError.
 */
export async function callerOf(app: Access, request: Request): Promise<SignedIn | null> {
  const cookieUser = await app.sessions.userOf(request.headers.get("cookie"));
  const magic = await magicSessionOf(app, request, cookieUser);
  if (magic === null) return cookieUser === null ? null : { userId: cookieUser, setCookie: null };
  const { userId } = magic;
  return { userId, setCookie: userId === cookieUser ? null : await app.sessions.issue(userId, app.magic.sessionMs) };
}

/**
 * The session of the request's Magic token; null without a token, and where no Magic application is configured. `cookieUser`: the
 * user whose session the request's cookie has.
 */
export async function magicSessionOf(
  { magic, limits }: Pick<App, "magic" | "limits">,
  request: Request,
  cookieUser: UserId | null,
): Promise<MagicSession | null> {
  const token = magic.isOn ? bearerToken(request.headers) : null;
  if (token === null) return null;
  return magic.sessionOf(token, async () => {
    // Checking a signature and asking the mirror cost as much as any other sign-in.
    await limits.spendAddress(cookieUser === null ? "sign-in" : "token", (name) => request.headers.get(name));
    if (cookieUser !== null) await limits.spendUser("token", cookieUser);
  });
}
