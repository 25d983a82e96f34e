import type { AccountId, UserId } from "../../core/ledger/ids";
import type { AccountStore, Binding, SignOut } from "../../ports/store/account-store";
import type { Statements } from "./drivers/statements";

/** Bindings and sign-outs, in PostgreSQL. A rebuild leaves them: they are nobody's message. */
export class PostgresAccountStore implements AccountStore {
  constructor(private readonly db: Statements) {}

  async boundTo(accountId: AccountId): Promise<UserId | null> {
    const [row] = await this.db.run("account", "SELECT user_id FROM account_bindings WHERE account_id = $1::text", [
      accountId,
    ]);
    return row === undefined ? null : (row.user_id as UserId);
  }

  async bind({ accountId, userId, boundMs }: Binding): Promise<void> {
    await this.db.run(
      "account-change",
      `INSERT INTO account_bindings (account_id, user_id, bound_ms) VALUES ($1::text, $2::text, $3::bigint)
      ON CONFLICT (account_id) DO UPDATE SET user_id = excluded.user_id, bound_ms = excluded.bound_ms`,
      [accountId, userId, boundMs],
    );
  }

  async unbind(accountId: AccountId): Promise<boolean> {
    const rows = await this.db.run(
      "account-change",
      "DELETE FROM account_bindings WHERE account_id = $1::text RETURNING account_id",
      [accountId],
    );
    return rows.length > 0;
  }

  async bindings(): Promise<readonly Binding[]> {
    const rows = await this.db.run(
      "account",
      "SELECT account_id, user_id, bound_ms FROM account_bindings ORDER BY account_id",
    );
    return rows.map((row) => ({
      accountId: row.account_id as AccountId,
      userId: row.user_id as UserId,
      boundMs: Number(row.bound_ms),
    }));
  }

  async signOut({ subject, untilMs }: SignOut): Promise<void> {
    await this.db.run(
      "account-change",
      `INSERT INTO session_sign_outs AS s (user_id, until_ms) VALUES ($1::text, $2::bigint)
      ON CONFLICT (user_id) DO UPDATE SET until_ms = greatest(s.until_ms, excluded.until_ms)`,
      [subject, untilMs],
    );
  }

  async signOuts(sinceMs: number): Promise<readonly SignOut[]> {
    const rows = await this.db.run(
      "account",
      "SELECT user_id, until_ms FROM session_sign_outs WHERE until_ms > $1::bigint",
      [sinceMs],
    );
    return rows.map((row) => ({ subject: row.user_id as SignOut["subject"], untilMs: Number(row.until_ms) }));
  }
}
