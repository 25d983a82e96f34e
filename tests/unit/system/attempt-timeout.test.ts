import {
  getDefaultAutoSelectFamilyAttemptTimeout as attemptMs,
  setDefaultAutoSelectFamilyAttemptTimeout as setAttemptMs,
} from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { raiseAttemptTimeout } from "@/lib/system/attempt-timeout";
import { command } from "@/scripts/command";

const NODES_OWN_MS = attemptMs();

beforeEach(() => setAttemptMs(250));
afterEach(() => {
  setAttemptMs(NODES_OWN_MS);
  vi.restoreAllMocks();
});

describe("an address of a host", () => {
  it("is tried for long enough to send a lost packet again", () => {
    raiseAttemptTimeout();
    expect(attemptMs()).toBeGreaterThan(1_000);
  });

  it("is tried for as long as an operator wants", () => {
    setAttemptMs(9_000);
    raiseAttemptTimeout();
    expect(attemptMs()).toBe(9_000);
  });

  it("is tried so by every command", async () => {
    vi.spyOn(process, "argv", "get").mockReturnValue(["node", "command"]);
    const seenMs: number[] = [];
    await command({ usage: "npm run command" }, () => void seenMs.push(attemptMs()));
    expect(seenMs[0]).toBeGreaterThan(1_000);
  });
});
