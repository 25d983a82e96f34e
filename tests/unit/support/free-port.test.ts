import { createServer } from "node:net";
import { expect, it } from "vitest";
import { freePort } from "../../support/servers/free-port";

/** Linux's default; see ip_local_port_range in ip(7). */
const FIRST_OUTGOING_PORT = 32_768;

it("finds ports that can be listened at and that no outgoing connection gets", async () => {
  for (let i = 0; i < 50; i++) {
    const port = await freePort();
    // A control port is a thousand higher.
    expect(port + 1_000).toBeLessThan(FIRST_OUTGOING_PORT);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  }
});
