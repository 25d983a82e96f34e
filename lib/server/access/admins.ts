import "server-only";
/** Operators: users in ADMIN_ACCOUNTS with a session, callers with ADMIN_TOKEN and, on a devnet, the devnet's operator. */
import type { UserId } from "../../core/ledger/ids";
import type { App } from "../boot/app";
import { ProblemError } from "../http/answers/problem";
import { type ApiRequest, onlyReads } from "../http/api-request";
import { bearerToken, isSameSecret } from "./secrets";

/** The name in the operator log for requests with the admin token. It contains a space, which no user id does. */
const TOKEN_ACTOR = "admin token";

/** Whether a signed-in user is an operator. */
export function isAdmin(app: Pick<App, "env" | "operatorId">, userId: UserId | null): boolean {
  if (userId === null) return false;
  return app.env.ADMIN_ACCOUNTS.has(userId) || (app.env.isDevnet && app.operatorId === userId);
}

/** The operator's name. Throws ProblemError for everybody else. A wrong token is refused even with an operator's session. */
export async function adminOf(app: Pick<App, "env" | "operatorId" | "sessions">, request: ApiRequest): Promise<string> {
  const token = bearerToken(request.headers);
  if (token !== null) {
    if (app.env.ADMIN_TOKEN !== undefined && isSameSecret(token, app.env.ADMIN_TOKEN)) return TOKEN_ACTOR;
    throw new ProblemError("wrong-token", "This token is not the ADMIN_TOKEN of this server.");
  }
  const userId = await app.sessions.userOf(request.headers.get("cookie"));
  if (userId === null)
    throw new ProblemError("no-session", `Sign in as an operator to ${onlyReads(request) ? "see" : "do"} this.`);
  if (!isAdmin(app, userId))
    throw new ProblemError("not-admin", "Only operators can see and do this. ADMIN_ACCOUNTS names them.");
  return userId;
}
