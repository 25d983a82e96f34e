/**
 * Sends one request repeatedly, on several connections at once, and reads the answers. A separate program. It understands just enough
 * HTTP to find the end of an answer with a length, so it is much faster than the servers that it measures.
 */
import { connect, type Socket } from "node:net";

export interface LoadOrder {
  readonly port: number;
  /** The bytes of the request. */
  readonly request: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadReport {
  readonly answers: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

const HEAD_END = Buffer.from("\r\n\r\n");
/** `HTTP/1.1 200` */
const STATUS_AT = 9;

process.on("message", (order: LoadOrder) => {
  load(order).then(
    (report) => process.send?.(report),
    (cause) => {
      console.error(cause);
      process.exit(1);
    },
  );
});

async function load({ port, request, connections, seconds }: LoadOrder): Promise<LoadReport> {
  const bytes = Buffer.from(request, "latin1");
  const times: number[] = [];
  const statuses: Record<string, number> = {};
  const startMs = performance.now();
  const untilMs = startMs + seconds * 1_000;
  const run = async () => {
    const socket = await opened(port);
    await new Promise<void>((resolve, reject) => {
      let sentMs = 0;
      const ask = () => {
        sentMs = performance.now();
        if (sentMs >= untilMs) return void socket.end(resolve);
        socket.write(bytes);
      };
      socket.on(
        "data",
        answersOf((status) => {
          times.push(performance.now() - sentMs);
          statuses[status] = (statuses[status] ?? 0) + 1;
          ask();
        }),
      );
      socket.on("error", reject);
      ask();
    });
  };
  await Promise.all(Array.from({ length: connections }, run));
  const tookS = (performance.now() - startMs) / 1_000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return { answers: times.length, perSecond: times.length / tookS, p50Ms: at(0.5), p99Ms: at(0.99), statuses };
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Calls `answered` with the status of each complete answer. */
function answersOf(answered: (status: string) => void): (chunk: Buffer) => void {
  let held: Buffer | null = null;
  /** Bytes of the body that are still to come. */
  let missing = 0;
  let status = "";
  return (chunk) => {
    if (missing > 0) {
      missing -= chunk.length;
      if (missing <= 0) answered(status);
      return;
    }
    const bytes: Buffer = held === null ? chunk : Buffer.concat([held, chunk]);
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd < 0) {
      held = bytes;
      return;
    }
    held = null;
    const head = bytes.toString("latin1", 0, headEnd);
    status = head.slice(STATUS_AT, STATUS_AT + 3);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    missing = headEnd + HEAD_END.length + length - bytes.length;
    if (missing <= 0) answered(status);
  };
}
