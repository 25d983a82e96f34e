import "server-only";
/** Operators: sessions of ADMIN_ACCOUNTS (on devnet also the devnet's operator), and callers with ADMIN_TOKEN. */
import type { UserId } from "../../core/ledger/ids";
import type { App } from "../boot/app";
import { ProblemError } from "../http/problem";
import { bearerToken, isSameSecret } from "./secrets";

/** The operator log's name for requests with the admin token. It has a space, which no user id has. */
const TOKEN_ACTOR = "admin token";

export function isAdmin(app: Pick<App, "env" | "operatorId">, userId: UserId | null): boolean {
  if (userId === null) return false;
  return app.env.ADMIN_ACCOUNTS.has(userId) || (app.env.isDevnet && app.operatorId === userId);
}

/** The operator's name. Throws ProblemError for everybody else, and for a wrong token even with an operator's session. */
export async function adminOf(app: Pick<App, "env" | "operatorId" | "sessions">, request: Request): Promise<string> {
  const token = bearerToken(request.headers);
  if (token !== null) {
    if (app.env.ADMIN_TOKEN !== undefined && isSameSecret(token, app.env.ADMIN_TOKEN)) return TOKEN_ACTOR;
    throw new ProblemError("wrong-token", "This is not the token of this server's operators.");
  }
  const userId = await app.sessions.userOf(request.headers.get("cookie"));
  if (userId === null) throw new ProblemError("no-session", "Sign in as an operator to see this.");
  if (!isAdmin(app, userId))
    throw new ProblemError("not-admin", "Only operators can see and do this. ADMIN_ACCOUNTS names them.");
  return userId;
}
