import { beforeEach, describe, expect, it } from "vitest";
import type { AccountId, UserId } from "@/lib/core/ledger/ids";
import type { AccountStore, Binding } from "@/lib/ports/store/account-store";
import type { NewAction, OperatorLogRow } from "@/lib/ports/store/admin-store";
import { accountsWork } from "@/lib/server/cli/bind-account";

class Kept implements AccountStore {
  readonly kept = new Map<AccountId, Binding>();
  boundTo = async (accountId: AccountId): Promise<UserId | null> => this.kept.get(accountId)?.userId ?? null;
  bind = async (binding: Binding): Promise<void> => void this.kept.set(binding.accountId, binding);
  unbind = async (accountId: AccountId): Promise<boolean> => this.kept.delete(accountId);
  bindings = async (): Promise<readonly Binding[]> => [...this.kept.values()];
  signOut = async (): Promise<void> => {};
  signOuts = async () => [];
}

/** The log of operators, as far as commands write it. */
class OperatorLog {
  readonly entries: OperatorLogRow[] = [];
  begin = async ({ actor, action, target, nowMs }: NewAction) => {
    const entry = { id: this.entries.length, atMs: nowMs, updatedMs: nowMs, actor, action, target } as const;
    this.entries.push({ ...entry, state: "running", detail: null });
    return { isNew: true, entry: this.entries.at(-1) as OperatorLogRow };
  };
  update = async (
    id: number,
    { state, detail, nowMs }: Pick<OperatorLogRow, "state" | "detail"> & { nowMs: number },
  ) => {
    const entry = { ...(this.entries[id] as OperatorLogRow), state, detail, updatedMs: nowMs };
    this.entries[id] = entry;
    return entry;
  };
}

let store: Kept;
let log: OperatorLog;
beforeEach(() => {
  store = new Kept();
  log = new OperatorLog();
});
const workOf = (args: readonly string[]) =>
  accountsWork(
    args.filter((word) => word !== "--replace"),
    { replace: args.includes("--replace") },
  );
const run = (...args: string[]) => {
  const views = { contacts: async () => ({ position: 0, edges: [] }) };
  return workOf(args)({ accounts: store, admin: log, views: views as never, now: () => 7 });
};

describe("the command for accounts", () => {
  it("binds, lists and unbinds, and says what it did", async () => {
    expect(await run("list")).toBe("No account is bound.");
    expect(await run("bind", "0.0.5", "tm-alice")).toContain("0.0.5 signs in as tm-alice from now on.");
    expect(store.kept.get("0.0.5" as AccountId)).toEqual({ accountId: "0.0.5", userId: "tm-alice", boundMs: 7 });
    expect(await run("list")).toContain("0.0.5 signs in as tm-alice since 1970");
    expect(await run("unbind", "0.0.5")).toBe("0.0.5 signs in as itself again; it was tm-alice.");
    await expect(run("unbind", "0.0.5")).rejects.toThrow("0.0.5 is not bound.");
  });

  it("says that the id is unknown", async () => {
    expect(await run("bind", "0.0.5", "tm-alcie")).toContain("No message concerns tm-alcie so far. Check the id.");
  });

  it("refuses to bind an account that is bound, and says what to do", async () => {
    await run("bind", "0.0.5", "tm-alice");
    await expect(run("bind", "0.0.5", "tm-bob")).rejects.toThrow("0.0.5 signs in as tm-alice. Add --replace");
    await expect(run("bind", "0.0.6", "tm-alice")).rejects.toThrow("tm-alice is bound to 0.0.5 already.");
    expect([...store.kept.values()].map(({ userId }) => userId)).toEqual(["tm-alice"]);
    expect(await run("bind", "0.0.5", "tm-bob", "--replace")).toContain("It was tm-alice.");
    expect(await run("bind", "0.0.5", "tm-bob")).toContain("Nothing was changed.");
  });

  it("logs each action with its operator and time, and nothing if nothing was done", async () => {
    await run("list");
    await run("bind", "0.0.5", "tm-alice");
    await run("bind", "0.0.5", "tm-alice");
    await run("bind", "0.0.5", "tm-bob").catch(() => {});
    await run("bind", "0.0.5", "tm-bob", "--replace");
    await run("unbind", "0.0.5");
    expect(log.entries.map(({ action, target, state, detail }) => [action, target, state, detail])).toEqual([
      ["accounts.bind", "0.0.5 tm-alice", "done", null],
      ["accounts.bind", "0.0.5 tm-bob", "done", { was: "tm-alice" }],
      ["accounts.unbind", "0.0.5", "done", { was: "tm-bob" }],
    ]);
    for (const { actor, atMs } of log.entries) {
      expect(actor).toMatch(/^command line \(.+@.+\)$/);
      expect(atMs).toBe(7);
    }
  });

  it.each([
    [["steal"], "list, bind or unbind"],
    [["bind", "alice", "tm-alice"], '"alice" is not an account id'],
    [["bind", "0.0.5"], "lower-case letters"],
    [["bind", "0.0.5", "0.0.6"], "lower-case letters"],
    [["bind", "0.0.5", "Tm-Ölf"], "lower-case letters"],
    [["bind", "0.0.5", "tm-"], "lower-case letters"],
    [["bind", "0.0.5", `tm-${"a".repeat(60)}`], "50 characters"],
    [["bind", "0.0.5", "tm-a", "tm-b"], "The arguments of bind are wrong"],
    [["unbind", "x"], '"x" is not an account id'],
    [["unbind", "0.0.5", "--replace"], "The arguments of unbind are wrong"],
    [["list", "0.0.5"], "The arguments of list are wrong"],
  ])("refuses %j with the rule", (args, sentence) => {
    expect(() => workOf(args)).toThrow(
      expect.objectContaining({ name: "WrongArguments", message: expect.stringContaining(sentence) }),
    );
  });
});
