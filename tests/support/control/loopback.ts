import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** Callers that wait for their datagram, the oldest first. */
const waiting: (() => void)[] = [];
let opened: Promise<Socket> | undefined;

async function open(): Promise<Socket> {
  const socket = createSocket("udp4", () => waiting.shift()?.());
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  socket.connect(socket.address().port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

/**
 * Resolves when this process has read everything that it sent to itself. It sends a datagram and waits for it: loopback keeps the
 * order, so all earlier bytes have arrived with it. The event loop counts this as one event. Calls `onArrival` when the datagram
 * is there: before the immediates of that turn run.
 */
export async function arrived(onArrival = () => {}): Promise<void> {
  opened ??= open();
  const socket = await opened;
  await new Promise<void>((resolve) => {
    waiting.push(() => {
      onArrival();
      resolve();
    });
    socket.ref().send("");
  });
  // A process may end while nobody waits.
  if (waiting.length === 0) socket.unref();
  // The event loop handles data that arrived in the same turn before this immediate.
  await new Promise((resolve) => setImmediate(resolve));
}
