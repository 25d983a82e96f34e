import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** Callers whose datagram is on its way, the oldest first. */
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
 * Resolves when everything that this process has sent to itself has arrived and was read: loopback keeps the order, and a datagram
 * that was sent last has come back. For the event loop that is one event.
 */
export async function arrived(): Promise<void> {
  opened ??= open();
  const socket = await opened;
  await new Promise<void>((resolve) => {
    waiting.push(resolve);
    socket.ref().send("");
  });
  // A process may end while nobody waits.
  if (waiting.length === 0) socket.unref();
  // Whatever arrived together with it is handled when the turn of the event loop ends.
  await new Promise((resolve) => setImmediate(resolve));
}
