/** One subscription to one channel, on a connection of its own. It ends with its connection, and does not connect again by itself. */
import type { Redis } from "ioredis";
import { type StreamHandlers, systemCode } from "../client/transport";

/** From the start to the confirmation. */
const OPEN_TIMEOUT_MS = 5_000;

/** Resolves with the reason when the subscription has ended. Never rejects. */
export function followChannel(
  connection: Redis,
  channel: string,
  { onOpen, onMessage }: StreamHandlers,
  signal: AbortSignal,
): Promise<string> {
  if (signal.aborted) return Promise.resolve("closed");
  return new Promise((resolve) => {
    /** Messages that came together with the confirmation. Null once the subscription is open. */
    let early: string[] | null = [];
    let reason = "ended";
    const end = (why: string) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      connection.disconnect();
      resolve(why);
    };
    const onAbort = () => end("closed");
    const timer = setTimeout(() => end("timeout"), OPEN_TIMEOUT_MS);
    signal.addEventListener("abort", onAbort, { once: true });
    connection.on("error", (error: Error) => {
      reason = systemCode(error) ?? error.name;
    });
    connection.on("end", () => end(reason));
    connection.on("message", (of: string, payload: string) => {
      if (signal.aborted || of !== channel) return;
      if (early === null) onMessage(payload);
      else early.push(payload);
    });
    const opened = () => {
      if (signal.aborted) return;
      clearTimeout(timer);
      const first = early ?? [];
      early = null;
      onOpen();
      for (const payload of first) onMessage(payload);
    };
    connection
      .connect()
      .then(() => connection.subscribe(channel))
      .then(opened, (error: Error) => end(systemCode(error) ?? reason));
  });
}
