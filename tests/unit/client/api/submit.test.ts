import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { failureTitle } from "@/app/_ui/features/use-perform";
import { ApiError, isOutcomeUnknown } from "@/lib/client/api/http";
import { submit } from "@/lib/client/api/submit";

const WRITTEN = {
  ok: true,
  success: true,
  topicId: "0.0.7",
  sequenceNumber: 5,
  consensusTimestamp: "1.000000005",
  transactionId: "0.0.2@1.0",
  minSequence: "0.0.7=5",
};
type Reply = "lost" | "broken" | { readonly status: number; readonly code?: string };

const LOST = "lost" as const;
const STARTING = { status: 503, code: "unavailable" };
const DONE = { status: 200 };

const problem = (status: number, code: string) => ({
  ...{ type: `urn:trustmesh:problem:${code}`, title: code, status, code, detail: `The reason is ${code}.` },
  ...{ ok: false, success: false, error: code, message: code },
});

function answered(reply: Exclude<Reply, "lost">): Response {
  if (reply === "broken") return new Response('{"ok":tr');
  const { status, code } = reply;
  if (status === 200) return Response.json(WRITTEN);
  return code === undefined ? new Response("busy", { status }) : Response.json(problem(status, code), { status });
}

describe("a write from a page", () => {
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

  /** Writes against a server that gives these answers, and the last one from then on. */
  async function written(...replies: readonly Reply[]) {
    vi.stubGlobal("fetch", async (_: string, { headers }: RequestInit) => {
      keys.push(new Headers(headers).get("idempotency-key"));
      const reply = replies[Math.min(keys.length, replies.length) - 1] as Reply;
      if (reply === "lost") throw new TypeError("fetch failed");
      return answered(reply);
    });
    const outcome = submit("tm-me", { type: "CONTACT_REQUEST", payload: { target: "tm-you" } }).then(
      () => "written",
      (error: Error) => error,
    );
    await vi.runAllTimersAsync();
    return outcome;
  }

  it.each([
    ["was lost", [LOST, DONE]],
    ["was lost, and the server is starting", [LOST, STARTING, STARTING, STARTING, STARTING, DONE]],
    ["was lost, and a balancer has answered since", [LOST, { status: 502 }, DONE]],
    ["broke off", ["broken", DONE]],
    ["is not there yet", [{ status: 409, code: "in-progress" }, DONE]],
  ] as const)("is sent again under its key when its answer %s", async (_, replies) => {
    expect(await written(...replies)).toBe("written");
    expect(keys).toHaveLength(replies.length);
    expect(new Set(keys).size).toBe(1);
  });

  it.each([
    ["the server stays away", [LOST]],
    ["the server only starts", [LOST, STARTING]],
    ["the server only reads now", [LOST, { status: 503, code: "read-only" }]],
    ["the session is over", [LOST, { status: 401, code: "no-session" }]],
    ["it stays under way", [{ status: 409, code: "in-progress" }]],
  ] as const)("has an unknown outcome when %s after its answer was lost", async (_, replies) => {
    expect(await written(...replies)).toSatisfy(isOutcomeUnknown);
  });

  it.each([
    ["starts", STARTING],
    ["refuses it", { status: 422, code: "key-reused" }],
    ["lets the ledger refuse it", { status: 502, code: "ledger-refused" }],
  ] as const)("was not written when the server, asked once, %s", async (_, reply) => {
    const outcome = await written(reply);
    expect(outcome).toMatchObject({ code: reply.code });
    expect(isOutcomeUnknown(outcome)).toBe(false);
    expect(keys).toHaveLength(1);
  });

  it("was not written when the server has looked at it after its answer was lost", async () => {
    const outcome = await written(LOST, { status: 409, code: "slots-full" });
    expect(outcome).toMatchObject({ code: "slots-full" });
    expect(keys).toHaveLength(2);
  });
});

describe("the notice of a failed write", () => {
  const failed = "Jonas was not asked";
  it("does not say that nothing was written if that is not known", () => {
    const titleOf = (status: number, code: string) => failureTitle(new ApiError(status, code, "Why."), { failed });
    expect(titleOf(409, "slots-full")).toBe(failed);
    expect(titleOf(503, "unavailable")).toBe(failed);
    expect(titleOf(0, "outcome-unknown")).toBe("It is not known whether that was written");
    expect(titleOf(503, "uncertain")).toBe("It is not known whether that was written");
  });
});
