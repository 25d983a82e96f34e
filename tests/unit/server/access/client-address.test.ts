import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { clientAddress, SOCKET_HEADER, watchSockets } from "@/lib/server/access/client-address";

const of = (headers: Record<string, string>, hops = 0) => clientAddress((name) => new Headers(headers).get(name), hops);

describe("a client's address", () => {
  it("is the socket's if no proxy is trusted, whatever the client claims", () => {
    expect(of({ [SOCKET_HEADER]: "203.0.113.9", "x-forwarded-for": "1.1.1.1" })).toBe("203.0.113.9");
    expect(of({ "x-forwarded-for": "1.1.1.1" })).toBe("unknown");
  });

  it("is the address that our outermost proxy saw, whatever stood there before", () => {
    const headers = { [SOCKET_HEADER]: "10.0.0.1", "x-forwarded-for": "6.6.6.6, 203.0.113.9, 10.0.0.2" };
    expect(of(headers, 1)).toBe("10.0.0.2");
    expect(of(headers, 2)).toBe("203.0.113.9");
    // Fewer entries than proxies: this request came past them.
    expect(of(headers, 4)).toBe("10.0.0.1");
  });

  it.each([
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["203.0.113.9:4711", "203.0.113.9"],
    ["[2001:db8:1:2::9]:4711", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002:ffff::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["<script>", "unknown"],
    ["999.1.1.1", "unknown"],
    ["", "unknown"],
  ])("%j counts as %s", (claimed, name) => {
    expect(of({ "x-forwarded-for": claimed }, 1)).toBe(name);
  });
});

describe("sockets of this process", () => {
  let server: Server;
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it("replace an address that the client wrote, and have short timeouts", async () => {
    watchSockets();
    server = createServer((request, response) => response.end(request.headers[SOCKET_HEADER]));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const answer = await fetch(url, { headers: { [SOCKET_HEADER]: "6.6.6.6", connection: "close" } });
    expect(await answer.text()).toBe("127.0.0.1");
    expect([server.headersTimeout, server.requestTimeout]).toEqual([15_000, 30_000]);
  });
});
