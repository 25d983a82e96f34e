/** Bytes that cannot be read, behind a request: the request gets its own answer, once. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sendAnswer } from "@/lib/server/front/answers/plain-answer";
import { writeInBatch } from "@/lib/server/front/answers/write-batch";
import { Front } from "@/lib/server/front/front";
import { DrivenClock } from "../../../support/control/driven-clock";
import { RawConnection } from "../../../support/servers/raw-http";

const ANSWER = { status: 200, headers: {}, body: "done" };

let front: Front;
let connection: RawConnection;
/** The server's end of the connection. */
let socket: Socket;
/** How many bytes this test has delivered. */
let sent: number;
/** Ends the answers that wait, first come first. */
let waiting: (() => void)[];
beforeEach(async () => {
  waiting = [];
  sent = 0;
  front = new Front((request, response) => {
    const answer = () => sendAnswer(request, response, ANSWER);
    if (request.url === "/waits") waiting.push(answer);
    else if (request.url === "/batched") writeInBatch({ request, response, write: answer, report: front.report });
    else if (request.url === "/streams") response.writeHead(200).write("begun");
    else if (request.url === "/reads") readThen(request, response);
    else answer();
  }, new DrivenClock());
  const port = await front.listen(0, "127.0.0.1");
  const accepted = new Promise<Socket>((resolve) => front.server.once("connection", resolve));
  connection = await RawConnection.open(port);
  socket = await accepted;
});
afterEach(async () => {
  connection.destroy();
  front.server.closeAllConnections();
  await front.stopAccepting();
});

function readThen(request: IncomingMessage, response: ServerResponse): void {
  request.resume().on("end", () => sendAnswer(request, response, ANSWER));
}

const get = (path: string, ...headers: string[]) =>
  `GET ${path} HTTP/1.1\r\n${["host: a", ...headers].join("\r\n")}\r\n\r\n`;
const GARBAGE = "GARBAGE\r\n\r\n";
const CLOSE = "connection: close";

/** The statuses of all answers until the server closes. */
async function statuses(): Promise<number[]> {
  const all: number[] = [];
  for (;;) {
    const answer = await connection.answer().catch((error: Error) => error);
    if (answer instanceof Error) return all;
    all.push(answer.status);
  }
}

/** Resolves when so many requests wait for their answers. */
const arrived = (count: number) => expect.poll(() => waiting.length).toBe(count);
/** Sends text, and resolves when the server has read it. */
async function deliver(text: string): Promise<void> {
  connection.send(text);
  sent += text.length;
  while (socket.bytesRead < sent && !socket.destroyed) await new Promise(setImmediate);
}

describe("bytes that cannot be read", () => {
  it.each([
    ["a request that asks for the end", get("/waits", CLOSE), get("/")],
    ["a request that asks for the end, garbage", get("/waits", CLOSE), GARBAGE],
    ["a request", get("/waits"), GARBAGE],
  ])("leave the answer that is still to come: %s", async (_, request, more) => {
    await deliver(request);
    await arrived(1);
    for (let i = 0; i < 3; i += 1) {
      await deliver(more);
    }
    waiting[0]?.();
    expect(await statuses()).toEqual([200]);
  });

  it.each([
    ["/at-once", [200, 400]],
    ["/batched", [200, 400]],
  ])("are refused after the answer of a connection that goes on: %s", async (path, expected) => {
    connection.send(get(path) + GARBAGE);
    expect(await statuses()).toEqual(expected);
  });

  it.each(["/at-once", "/batched"])("are ignored after an answer that ends the connection: %s", async (path) => {
    connection.send(get(path, CLOSE) + GARBAGE);
    expect(await statuses()).toEqual([200]);
  });

  it("leave the answers of all requests before them, in their order", async () => {
    await deliver(get("/waits") + get("/waits"));
    await arrived(2);
    await deliver(GARBAGE);
    waiting[1]?.();
    waiting[0]?.();
    expect(await statuses()).toEqual([200, 200]);
  });

  it("break off an answer that has begun", async () => {
    await deliver(get("/streams"));
    connection.send(GARBAGE);
    await connection.closed();
  });

  it("break off an answer that has begun only after the answers before it", async () => {
    await deliver(get("/waits") + get("/streams"));
    await arrived(1);
    await deliver(GARBAGE);
    waiting[0]?.();
    expect((await connection.answer()).body).toBe("done");
    await connection.closed();
  });

  it("of a body are the request's refusal, after the answers before it", async () => {
    const post = "POST /reads HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nnot a length\r\n";
    const warned = vi.fn();
    process.on("warning", warned);
    await deliver(get("/waits") + post);
    await arrived(1);
    // Node warns of eleven listeners of one event.
    for (let i = 0; i < 11; i += 1) await deliver(GARBAGE);
    waiting[0]?.();
    expect(await statuses()).toEqual([200, 400]);
    process.off("warning", warned);
    expect(warned).not.toHaveBeenCalled();
  });

  it("of a body that was answered before get no second answer", async () => {
    connection.send("POST /at-once HTTP/1.1\r\nhost: a\r\ncontent-length: 50\r\n\r\nx");
    expect((await connection.answer()).status).toBe(200);
    // As Node does once the rest has not come in time.
    front.server.emit("clientError", Object.assign(new Error(), { code: "ERR_HTTP_REQUEST_TIMEOUT" }), socket);
    expect(await statuses()).toEqual([]);
  });
});
