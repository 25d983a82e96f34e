/**
 * Floods a server from a separate process, so that the flood does not slow the readers' clock. Answers an order with
 * `{signedIn}`. Each flood name after that starts one spell, and is answered with its statuses.
 */
import { connect } from "node:net";
import { type Flood, FloodClient, spell } from "./flood-client";

export interface FloodOrder {
  readonly port: number;
  readonly address: string;
  readonly seconds: number;
  readonly perSecond: number;
}
/** The number of answers of each status in one spell. */
export type FloodStatuses = Readonly<Record<string, number>>;

const USER = "tm-attacker";
const LONG = `?${"a&".repeat(7_000)}`;
const CHECKS = ["/api/health", "/api/health/ready", "/api/health/ingestion", "/api/health/hcs"];
const BODIES_AT_ONCE = 120;
/** Each body fills the system's buffers with about 4 MB. At a much higher rate, the row would measure this machine's memory. */
const BODY_EVERY_MS = 3_000;
const BODY_BYTES = 9_500_000;
const CHUNK = Buffer.from(`10000\r\n${"x".repeat(65_536)}\r\n`);

async function main(order: FloodOrder): Promise<void> {
  const client = new FloodClient(order.port, order.address);
  const cookie = await client.signIn(USER);
  let nonce = 0;
  const sent = {
    writes: (i: number) =>
      i % 2 === 0
        ? client.send("/api/auth/challenge", {}, { accountId: "0.0.5" })
        : client.write(USER, cookie, ++nonce),
    addresses: (i: number) => client.send(`${i % 2 === 0 ? "/api/health" : "/signals"}${LONG}`, {}),
    health: (i: number) => client.send(CHECKS[i % CHECKS.length] as string, {}),
  };
  process.on("message", async (flood: Flood) => {
    const statuses: Record<string, number> = {};
    const count = (status: number | string) => (statuses[status] = (statuses[status] ?? 0) + 1);
    if (flood === "bodies") await floodWithBodies(order, count);
    else
      await spell(order.seconds, order.perSecond, (i) =>
        // A broken connection counts as an answer.
        sent[flood](i).then(
          ({ status }) => void count(status),
          ({ code }: NodeJS.ErrnoException) => void count(code ?? "broken"),
        ),
      );
    process.send?.(statuses);
  });
  process.send?.({ signedIn: true });
}

/** Each connection is followed by another after a pause. */
async function floodWithBodies({ port, address, seconds }: FloodOrder, count: (status: string) => void): Promise<void> {
  const untilMs = performance.now() + seconds * 1_000;
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const one = async (index: number) => {
    // Connections start one after the other, like the requests of other floods.
    await pause((index / BODIES_AT_ONCE) * BODY_EVERY_MS);
    while (performance.now() < untilMs) {
      const nextMs = performance.now() + BODY_EVERY_MS;
      count(await sendBody(port, address, untilMs));
      await pause(Math.min(nextMs, untilMs) - performance.now());
    }
  };
  await Promise.all(Array.from({ length: BODIES_AT_ONCE }, (_, index) => one(index)));
}

/** Resolves with the answer's status when the connection closes or the time is over. */
function sendBody(port: number, localAddress: string, untilMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    const timer = setTimeout(() => socket.destroy(), untilMs - performance.now());
    let sentBytes = 0;
    let answer = "";
    const send = () => {
      while (!socket.destroyed && sentBytes < BODY_BYTES) {
        sentBytes += CHUNK.length;
        if (!socket.write(CHUNK)) return void socket.once("drain", send);
      }
    };
    socket.on("data", (data: Buffer) => (answer += data.toString("latin1", 0, 20)));
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? "held");
    });
    socket.on("connect", () => {
      socket.write("POST /signals HTTP/1.1\r\nhost: app.test\r\ntransfer-encoding: chunked\r\n\r\n");
      send();
    });
  });
}

process.once("disconnect", () => process.exit(0));
process.once("message", (order) => void main(order as FloodOrder));
