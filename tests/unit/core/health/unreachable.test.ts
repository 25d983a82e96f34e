import { createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { reasonUnreachable } from "@/lib/core/health/unreachable";

const failure = (url: string, signal?: AbortSignal) =>
  fetch(url, signal ? { signal } : {}).then(
    () => null,
    (cause: unknown) => cause,
  );

async function listening(onConnection: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  return { port, stop };
}

describe("why a machine is not reached", () => {
  it("is that its name is not known", async () => {
    expect(reasonUnreachable(await failure("http://no-such-host.invalid/"))).toBe("its name is not known (DNS)");
  });

  it("is that nothing listens", async () => {
    const { port, stop } = await listening(() => {});
    await stop();
    expect(reasonUnreachable(await failure(`http://127.0.0.1:${port}/`))).toContain("refused");
  });

  it("is that it cuts the connection", async () => {
    const { port, stop } = await listening((socket) => socket.once("data", () => socket.destroy()));
    expect(reasonUnreachable(await failure(`http://127.0.0.1:${port}/`))).toBe("it cut the connection");
    await stop();
  });

  it("is that TLS fails", async () => {
    const { port, stop } = await listening((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect(reasonUnreachable(await failure(`https://127.0.0.1:${port}/`))).toMatch(/^TLS failed \(\w+\)$/);
    await stop();
  });

  it("is that it takes too long", async () => {
    const { port, stop } = await listening(() => {});
    const cause = await failure(`http://127.0.0.1:${port}/`, AbortSignal.timeout(30));
    expect(reasonUnreachable(cause)).toBe("it did not answer in time");
    await stop();
  });

  it("is that it does not speak HTTP", async () => {
    const { port, stop } = await listening((socket) => socket.end("-ERR unknown command\r\n"));
    expect(reasonUnreachable(await failure(`http://127.0.0.1:${port}/`))).toBe("its answer is not HTTP");
    await stop();
  });

  it("is that its port is one that no HTTP client asks", async () => {
    expect(reasonUnreachable(await failure("http://127.0.0.1:1/"))).toMatch(/^its port belongs to another protocol/);
  });

  it.each([
    [{ code: "DEPTH_ZERO_SELF_SIGNED_CERT" }, "TLS failed (DEPTH_ZERO_SELF_SIGNED_CERT)"],
    [{ cause: { errors: [{ code: "ENETUNREACH" }] } }, "this machine has no route to it"],
    [{ cause: { code: "UND_ERR_CONNECT_TIMEOUT" } }, "it did not answer in time"],
    [new Error("postgres://user:password@host"), null],
    ["text", null],
    [null, null],
  ])("of %o is %j", (cause, reason) => {
    expect(reasonUnreachable(cause)).toBe(reason);
  });
});
