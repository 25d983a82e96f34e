/**
 * Many clients of one stream, on plain sockets. A separate program. It reports when each client got the first bytes that contain a
 * given text.
 */
import { connect, type Socket } from "node:net";

export interface OpenOrder {
  readonly kind: "open";
  readonly port: number;
  /** The bytes of the request. */
  readonly request: string;
  readonly clients: number;
  /** In the first bytes that each client must get. */
  readonly greeting: string;
}

export interface WaitOrder {
  readonly kind: "wait";
  /** Each client waits for these bytes. */
  readonly text: string;
}

/** Milliseconds from the first client that got it to each. */
export type Arrivals = readonly number[];

const AT_ONCE = 100;
const sockets: Socket[] = [];
/** Called with what each client gets. */
let heard: (index: number, chunk: Buffer) => void = () => {};

process.on("message", (order: OpenOrder | WaitOrder) => {
  if (order.kind === "wait") void arrivals(order.text).then((all) => process.send?.(all));
  else
    open(order).then(
      () => process.send?.("open"),
      (cause) => {
        console.error(cause);
        process.exit(1);
      },
    );
});

async function open({ port, request, clients, greeting }: OpenOrder): Promise<void> {
  let next = sockets.length;
  const last = next + clients;
  const worker = async () => {
    while (next < last) {
      const index = next;
      next += 1;
      await new Promise<void>((resolve, reject) => {
        const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => socket.write(request));
        sockets[index] = socket;
        socket.once("error", reject).once("close", () => reject(new Error("a stream has ended")));
        const greet = (chunk: Buffer) => {
          if (!chunk.includes(greeting)) return;
          socket.off("data", greet).on("data", (later: Buffer) => heard(index, later));
          resolve();
        };
        socket.on("data", greet);
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function arrivals(text: string): Promise<Arrivals> {
  return new Promise((resolve) => {
    const times = new Map<number, number>();
    heard = (index, chunk) => {
      if (times.has(index) || !chunk.includes(text)) return;
      times.set(index, performance.now());
      if (times.size < sockets.length) return;
      const all = [...times.values()];
      const first = Math.min(...all);
      resolve(all.map((time) => time - first));
    };
  });
}
