/** Passing requests on to another deployment: what its server hears, and what happens when it does not answer. */
import { createServer, type Server, type Socket } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Incidents } from "@/lib/engine/health/incidents";
import { MAX_PASSED_BYTES, type Passed } from "@/lib/server/ui-origin/forward";
import { UiOrigin } from "@/lib/server/ui-origin/ui-origin";
import { DrivenClock } from "../../support/control/driven-clock";
import { freePort } from "../../support/servers/free-port";
import { startWebUi, type WebUi } from "../../support/stand-ins/web-ui";

const MUTE = { info: () => {}, warn: () => {}, error: () => {} };
let web: WebUi;
let incidents: Incidents;
let ends: (() => unknown)[];
beforeEach(async () => {
  web = await startWebUi();
  incidents = new Incidents({ clock: new DrivenClock(), log: MUTE });
  ends = [() => web.stop()];
});
afterEach(async () => {
  for (const end of ends) await end();
});

function uiAt(origin: string, answerMs?: number): UiOrigin {
  const ui = new UiOrigin({ origin, incidents, ...(answerMs === undefined ? {} : { answerMs }) });
  ends.push(() => ui.close());
  return ui;
}
const ask = (ui: UiOrigin, more: Partial<Passed> = {}) =>
  ui.pass({
    ...{ method: "GET", target: "/contacts", headers: { host: "app.example" }, body: null },
    signal: new AbortController().signal,
    ...more,
  });
const codeOf = async (answer: ReturnType<typeof ask>) => {
  const passed = await answer;
  return passed === null ? null : passed.ok ? passed.value.status : passed.error.code;
};

/** A server that says what a test tells it to, in bytes. */
async function openSocketServer(onConnection: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => onConnection(socket.on("error", () => {})));
  const port = await new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
  );
  ends.push(() => server.close());
  return `http://127.0.0.1:${port}`;
}

describe("a request that is passed on", () => {
  it("sends a body on while it comes, and refuses it at the limit without its length", async () => {
    const piece = Buffer.alloc(1_000_000, "x");
    const bodyOf = (pieces: number) => Readable.from(Array.from({ length: pieces }, () => piece));
    const most = await ask(uiAt(web.origin), { method: "POST", target: "/echo", body: bodyOf(5) });
    expect(most?.ok && (await text(most.value.body)).length).toBe(MAX_PASSED_BYTES);
    const more = ask(uiAt(web.origin), { method: "POST", target: "/echo", body: bodyOf(6) });
    expect(await codeOf(more)).toBe("too-large");
    expect(web.asked.map(({ body }) => body.length)).toEqual([MAX_PASSED_BYTES]);
    expect(incidents.current()).toEqual([]);
  });

  it("is sent once more where the other side closed the connection that was kept for it", async () => {
    let connections = 0;
    const origin = await openSocketServer((socket) => {
      connections += 1;
      let requests = 0;
      socket.on("data", () => {
        requests += 1;
        // The second request on a connection meets its end.
        if (requests > 1) socket.resetAndDestroy();
        else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      });
    });
    const ui = uiAt(origin);
    for (let i = 0; i < 3; i += 1) {
      const passed = await ask(ui);
      expect(passed?.ok && (await text(passed.value.body))).toBe("");
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(connections).toBe(3);
  });

  /** Keeps several connections, and then closes each at the next request on it, as a server does whose time for idle ones is over. */
  async function withStaleConnections(): Promise<{ readonly ui: UiOrigin; readonly heard: string[] }> {
    const heard: string[] = [];
    let isOver = false;
    const waiting: (() => void)[] = [];
    const origin = await openSocketServer((socket) => {
      const isKept = !isOver;
      socket.on("data", (data) => {
        if (isOver && isKept) return socket.resetAndDestroy();
        heard.push(String(data).split(" ", 1)[0] as string);
        const answer = () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        if (isOver) return answer();
        // All answers come at once, so that each request has a connection of its own.
        waiting.push(answer);
        if (waiting.length === 4) for (const each of waiting) each();
      });
    });
    const ui = uiAt(origin);
    const answers = await Promise.all(Array.from({ length: 4 }, () => ask(ui)));
    for (const answer of answers) if (answer?.ok) await text(answer.value.body);
    await new Promise((resolve) => setImmediate(resolve));
    isOver = true;
    heard.length = 0;
    return { ui, heard };
  }

  it("arrives though the other side has closed all the connections that were kept", async () => {
    const { ui, heard } = await withStaleConnections();
    expect(await codeOf(ask(ui))).toBe(200);
    expect(heard).toEqual(["GET"]);
  });

  it.each([
    ["with a body", () => ({ method: "POST", body: Readable.from(["{}"]) })],
    ["that may change something", () => ({ method: "POST" })],
  ])("%s has a connection of its own, since it cannot be sent twice", async (_, make) => {
    const { ui, heard } = await withStaleConnections();
    expect(await codeOf(ask(ui, make()))).toBe(200);
    expect(heard[0]).toBe("POST");
  });

  it("ends at the other side when the client leaves, before the answer and during it", async () => {
    const left = new AbortController();
    const heard = new Promise<Socket>((resolve) => {
      void openSocketServer((socket) => socket.once("data", () => resolve(socket))).then((origin) => {
        asked = ask(uiAt(origin), { signal: left.signal });
      });
    });
    let asked: ReturnType<typeof ask> | undefined;
    const closed = heard.then((socket) => new Promise((resolve) => socket.once("close", resolve)));
    await heard;
    left.abort();
    expect(await asked).toBeNull();
    await closed;

    const leaves = new AbortController();
    const stream = await ask(uiAt(web.origin), { target: "/events", signal: leaves.signal });
    expect(stream).toMatchObject({ ok: true });
    if (stream?.ok) stream.value.body.on("error", () => {});
    leaves.abort();
    await web.streamsEnded();
  });

  it("that has passed this server before ends with an error", async () => {
    expect(await codeOf(ask(uiAt(web.origin), { headers: { "cdn-loop": "trustmesh-edge" } }))).toBe("loop");
    expect(web.asked).toEqual([]);
  });
});

describe("an outage of the other deployment", () => {
  it("is an incident after three failures in a row, and ends with the next answer", async () => {
    const port = await freePort();
    const ui = uiAt(`http://127.0.0.1:${port}`);
    expect([await codeOf(ask(ui)), await codeOf(ask(ui))]).toEqual(["ui-unreachable", "ui-unreachable"]);
    expect(incidents.current()).toEqual([]);
    expect(await codeOf(ask(ui))).toBe("ui-unreachable");
    expect(incidents.current()).toMatchObject([
      {
        code: "ui-unreachable",
        severity: "critical",
        summary: `The web UI at http://127.0.0.1:${port} cannot be reached: the connection was refused: nothing listens there.`,
      },
    ]);
    const back = await startWebUi(port);
    ends.push(() => back.stop());
    expect(await codeOf(ask(ui))).toBe(200);
    expect(incidents.current()).toEqual([]);
  });

  it("says so when no answer begins in time, and leaves a stream open that is silent for longer", async () => {
    const silent = uiAt(await openSocketServer(() => {}), 50);
    for (let i = 0; i < 3; i += 1) expect(await codeOf(ask(silent))).toBe("ui-too-slow");
    expect(incidents.current()).toMatchObject([{ summary: expect.stringContaining("does not answer in time") }]);

    const stream = await ask(uiAt(web.origin, 50), { target: "/events" });
    if (!stream?.ok) throw new Error("there is no stream");
    const events = stream.value.body[Symbol.asyncIterator]();
    // Meanwhile another answer has taken too long.
    expect(await codeOf(ask(silent))).toBe("ui-too-slow");
    web.tell("late");
    expect(String((await events.next()).value)).toBe("data: late\n\n");
    await events.return?.();
  });

  it("says so when the answer is no HTTP, and when it is cut before it begins", async () => {
    const noise = uiAt(await openSocketServer((socket) => socket.once("data", () => socket.end("noise\r\n\r\n"))));
    expect(await codeOf(ask(noise))).toBe("ui-unreachable");
    const cut = uiAt(await openSocketServer((socket) => socket.once("data", () => socket.end())));
    expect(await codeOf(ask(cut))).toBe("ui-unreachable");
  });
});
