import { expect, it } from "vitest";
import type { AccountId, UserId } from "@/lib/core/ids";
import type { AccountStore, Binding } from "@/lib/ports/account-store";
import { runAccountsCommand } from "@/lib/server/bind-account";

class Kept implements AccountStore {
  readonly kept = new Map<AccountId, Binding>();
  boundTo = async (accountId: AccountId): Promise<UserId | null> => this.kept.get(accountId)?.userId ?? null;
  bind = async (binding: Binding): Promise<void> => void this.kept.set(binding.accountId, binding);
  unbind = async (accountId: AccountId): Promise<boolean> => this.kept.delete(accountId);
  bindings = async (): Promise<readonly Binding[]> => [...this.kept.values()];
  signOut = async (): Promise<void> => {};
  signOuts = async () => [];
}

it("binds, lists and unbinds, and says what it did", async () => {
  const store = new Kept();
  const run = (...args: string[]) => runAccountsCommand(args, store, 7);
  expect(await run("list")).toBe("No account is bound.");
  expect(await run("bind", "0.0.5", "tm-alice")).toBe("0.0.5 signs in as tm-alice from now on.");
  expect(store.kept.get("0.0.5" as AccountId)).toEqual({ accountId: "0.0.5", userId: "tm-alice", boundMs: 7 });
  expect(await run("list")).toBe("0.0.5 signs in as tm-alice");
  expect(await run("unbind", "0.0.5")).toBe("0.0.5 signs in as itself again.");
  expect(await run("unbind", "0.0.5")).toBe("0.0.5 was not bound.");
});

it.each([
  [[]],
  [["steal"]],
  [["bind", "alice", "tm-alice"]],
  [["bind", "0.0.5"]],
  [["bind", "0.0.5", "0.0.6"]],
  [["unbind", "x"]],
])("refuses %j with a sentence", async (args) => {
  const store = new Kept();
  await expect(runAccountsCommand(args, store, 7)).rejects.toMatchObject({ name: "UsageError" });
  expect(store.kept.size).toBe(0);
});
