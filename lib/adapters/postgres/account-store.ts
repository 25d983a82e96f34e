import { eq, gt, sql } from "drizzle-orm";
import { accountBindings, sessionSignOuts } from "../../../drizzle/schema";
import type { AccountId, UserId } from "../../core/ledger/ids";
import type { AccountStore, Binding, SignOut } from "../../ports/store/account-store";
import type { Statements } from "./drivers/statements";
import { excluded } from "./sql/expressions";
import { parameters, preparedQuery } from "./sql/template";

const ofAccount = parameters<{ readonly accountId: AccountId }>();
const BOUND_TO = preparedQuery(ofAccount, (db) =>
  db
    .select({ userId: accountBindings.userId })
    .from(accountBindings)
    .where(eq(accountBindings.accountId, ofAccount("accountId"))),
);

const since = parameters<{ readonly sinceMs: number }>();
const SIGN_OUTS = preparedQuery(since, (db) =>
  db
    .select()
    .from(sessionSignOuts)
    .where(gt(sessionSignOuts.untilMs, since("sinceMs"))),
);

/** Bindings and sign-outs, in PostgreSQL. They come from no message, so a rebuild leaves them as they are. */
export class PostgresAccountStore implements AccountStore {
  constructor(private readonly statements: Statements) {}

  async boundTo(accountId: AccountId): Promise<UserId | null> {
    const [row] = await this.statements.run("account", BOUND_TO({ accountId }));
    return row?.userId ?? null;
  }

  async bind({ accountId, userId, boundMs }: Binding): Promise<void> {
    await this.statements.run("account-change", (db) =>
      db
        .insert(accountBindings)
        .values({ accountId, userId, boundMs })
        .onConflictDoUpdate({ target: accountBindings.accountId, set: { userId, boundMs } }),
    );
  }

  async unbind(accountId: AccountId): Promise<boolean> {
    const rows = await this.statements.run("account-change", (db) =>
      db.delete(accountBindings).where(eq(accountBindings.accountId, accountId)).returning(),
    );
    return rows.length > 0;
  }

  bindings(): Promise<readonly Binding[]> {
    return this.statements.run("account", (db) => db.select().from(accountBindings).orderBy(accountBindings.accountId));
  }

  async signOut({ subject, untilMs }: SignOut): Promise<void> {
    const latest = sql`greatest(${sessionSignOuts.untilMs}, ${excluded(sessionSignOuts.untilMs)})`;
    await this.statements.run("account-change", (db) =>
      db
        .insert(sessionSignOuts)
        .values({ subject, untilMs })
        .onConflictDoUpdate({ target: sessionSignOuts.subject, set: { untilMs: latest } }),
    );
  }

  signOuts(sinceMs: number): Promise<readonly SignOut[]> {
    return this.statements.run("account", SIGN_OUTS({ sinceMs }));
  }
}
