import { expect, it, vi } from "vitest";
import { atExit } from "../../support/servers/at-exit";

it("many servers of a test process have one listener of its end, also if the module is loaded again", async () => {
  const before = process.listenerCount("exit");
  const forget = [atExit(() => {})];
  const after = process.listenerCount("exit");
  expect(after - before).toBeLessThanOrEqual(1);
  vi.resetModules();
  const again = await import("../../support/servers/at-exit");
  for (let i = 0; i < 20; i += 1) forget.push(again.atExit(() => {}));
  expect(process.listenerCount("exit")).toBe(after);
  for (const each of forget) each();
});
