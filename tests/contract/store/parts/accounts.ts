import { expect, it } from "vitest";
import type { AccountId } from "@/lib/core/ledger/ids";
import { emptied, type Subject } from "@/tests/support/stores/store-opening";
import { user } from "@/tests/support/worlds/histories/batches";

const [FIVE, SIX] = ["0.0.5", "0.0.6"] as AccountId[] as [AccountId, AccountId];
const [A, B] = [user("tm-alice"), user("tm-bob")];

export function accountsContract(subject: Subject): void {
  it("binds an account to the latest id it was bound to, until it is unbound", async () => {
    const { accounts } = await emptied(subject);
    expect(await accounts.boundTo(FIVE)).toBeNull();
    await accounts.bind({ accountId: SIX, userId: A, boundMs: 1 });
    await accounts.bind({ accountId: FIVE, userId: A, boundMs: 2 });
    await accounts.bind({ accountId: FIVE, userId: B, boundMs: 1_790_000_000_123 });
    expect([await accounts.boundTo(FIVE), await accounts.boundTo(SIX)]).toEqual([B, A]);
    expect(await accounts.bindings()).toEqual([
      { accountId: FIVE, userId: B, boundMs: 1_790_000_000_123 },
      { accountId: SIX, userId: A, boundMs: 1 },
    ]);
    expect([await accounts.unbind(FIVE), await accounts.unbind(FIVE)]).toEqual([true, false]);
    expect(await accounts.boundTo(FIVE)).toBeNull();
  });

  it("keeps a user's latest sign-out, in any order of arrival", async () => {
    const { accounts } = await emptied(subject);
    await accounts.signOut({ subject: A, untilMs: 1_790_000_000_200 });
    await accounts.signOut({ subject: A, untilMs: 1_790_000_000_100 });
    await accounts.signOut({ subject: B, untilMs: 1_790_000_000_000 });
    expect(await accounts.signOuts(1_790_000_000_000)).toEqual([{ subject: A, untilMs: 1_790_000_000_200 }]);
    expect(await accounts.signOuts(0)).toHaveLength(2);
  });

  it("leaves both alone at a rebuild, because they come from no message", async () => {
    const { accounts, sync } = await emptied(subject);
    await accounts.bind({ accountId: FIVE, userId: A, boundMs: 1 });
    await accounts.signOut({ subject: A, untilMs: 1 });
    await sync.rebuild();
    expect([await accounts.boundTo(FIVE), (await accounts.signOuts(0)).length]).toEqual([A, 1]);
  });
}
