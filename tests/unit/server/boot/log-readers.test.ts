import { spawn } from "node:child_process";
import { expect, it } from "vitest";

it("a server whose log nobody reads any more goes on, without one uncaught exception", async () => {
  const program = "tests/support/servers/abandoned-log.ts";
  const child = spawn(process.execPath, ["--conditions=react-server", "--import", "tsx", program], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const messages: unknown[] = [];
  await new Promise<void>((done) => {
    child.on("message", (message) => {
      messages.push(message);
      if (message !== "started") return;
      child.stdout?.destroy();
      child.stderr?.destroy();
    });
    child.once("exit", () => done());
  });
  expect(messages).toEqual(["started", { lines: 200, uncaught: 0 }]);
});
