import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { sendAction, topicRequest } from "@/lib/client/admin/status";
import { isOutcomeUnknown } from "@/lib/client/api/http";
import { operatorLogEntry } from "@/tests/support/samples/admin-status";

const STARTING = { type: "urn:x", title: "Unavailable", status: 503, detail: "The server is starting." };
const PROBLEM = { ...STARTING, code: "unavailable", ok: false, success: false, error: "", message: "" };

let keys: (string | null)[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  keys = [];
  vi.stubGlobal("navigator", { onLine: true });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Sends an action to a server that was killed during the first attempt, and answers the attempt of this number. */
async function sent(answered: number) {
  vi.stubGlobal("fetch", async (_: string, { headers }: RequestInit) => {
    keys.push(new Headers(headers).get("idempotency-key"));
    if (keys.length === 1) throw new TypeError("fetch failed");
    if (keys.length < answered) return Response.json(PROBLEM, { status: 503 });
    return Response.json({ ok: true, repeated: true, entry: operatorLogEntry({}) });
  });
  const outcome = sendAction(topicRequest("audit", "0.0.7"), "one-key").then(
    ({ repeated }) => repeated,
    (error: Error) => error,
  );
  await vi.runAllTimersAsync();
  return outcome;
}

it("an operator's action whose answer was lost waits for the server that starts, under its key", async () => {
  expect(await sent(6)).toBe(true);
  expect(keys).toEqual(Array(6).fill("one-key"));
});

it("an operator's action without any answer is not called refused, and says where to look", async () => {
  const outcome = await sent(Number.POSITIVE_INFINITY);
  expect(outcome).toSatisfy(isOutcomeUnknown);
  expect(outcome).toMatchObject({ message: expect.stringContaining("operator log") });
});
