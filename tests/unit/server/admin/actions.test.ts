import { describe, expect, it } from "vitest";
import type { AdminStore, OperatorLogRow } from "@/lib/ports/store/admin-store";
import { act } from "@/lib/server/admin/actions";
import type { AdminContext } from "@/lib/server/http/route";

/** The operator log as the database keeps it: one entry a request key. */
function operatorLog() {
  const entries = new Map<string, OperatorLogRow>();
  const begin: AdminStore["begin"] = async ({ actor, action, target, requestKey, nowMs }) => {
    const key = requestKey ?? `no key ${entries.size}`;
    const known = entries.get(key);
    if (known) return { isNew: false, entry: known };
    const entry: OperatorLogRow = {
      ...{ id: entries.size + 1, atMs: nowMs, updatedMs: nowMs, actor, action, target, state: "running", detail: null },
    };
    entries.set(key, entry);
    return { isNew: true, entry };
  };
  const update: AdminStore["update"] = async (id, { state, detail, nowMs }) => ({
    ...([...entries.values()].find((entry) => entry.id === id) as OperatorLogRow),
    ...{ state, detail, updatedMs: nowMs },
  });
  return { begin, update };
}

function operator() {
  const app = {
    stores: { admin: operatorLog() },
    clock: { now: () => 1 },
    log: { info: () => {} },
  } as unknown as AdminContext<unknown, unknown>["app"];
  let runs = 0;
  const ask = async (body: unknown, key: string | null) => {
    const request = new Request("http://app.test/", { headers: key === null ? {} : { "idempotency-key": key } });
    const context = { app, actor: "0.0.2", request, body } as unknown as AdminContext<unknown, unknown>;
    await act(context, { name: "shards.split", target: "trust" }, async () => {
      runs += 1;
      return null;
    });
    return runs;
  };
  return { ask };
}

describe("an operator's action that is sent again", () => {
  it("runs once under one key, and each time without a key", async () => {
    const { ask } = operator();
    expect(await ask({ to: 4 }, "k")).toBe(1);
    expect(await ask({ to: 4 }, "k")).toBe(1);
    expect(await ask({ to: 4 }, null)).toBe(2);
    expect(await ask({ to: 4 }, null)).toBe(3);
  });

  it("is a new action if its body differs, even under the same key", async () => {
    const { ask } = operator();
    expect(await ask({ to: 4 }, "k")).toBe(1);
    expect(await ask({ to: 8 }, "k")).toBe(2);
    expect(await ask(undefined, "k")).toBe(3);
  });
});
