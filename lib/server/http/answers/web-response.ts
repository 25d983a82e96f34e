import "server-only";
/** Answers as responses of the Fetch standard, for the framework's route handlers. */
import type { Answer, StreamBody, StreamClient } from "./answer";
import { textOf } from "./answer";

/** `signal`: the request's own, which aborts once its client has left. */
export function webResponse(answer: Answer, signal?: AbortSignal): Response {
  const { status, body } = answer;
  const headers = new Headers(answer.headers);
  for (const lines of [answer.common ?? [], answer.lines ?? []])
    for (let i = 0; i < lines.length; i += 2) headers.set(lines[i] as string, lines[i + 1] as string);
  const isStream = typeof body === "function";
  return new Response(isStream ? readable(body, signal) : body === null ? null : textOf(answer), { status, headers });
}

/** The client pulls: for a client that does not read, nothing is made. */
function readable(body: StreamBody, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const leaving: (() => void)[] = [];
  let hasLeft = false;
  let isOver = false;
  let wake = () => {};
  const leave = () => {
    if (hasLeft) return;
    hasLeft = true;
    wake();
    for (const each of leaving) each();
  };
  signal?.addEventListener("abort", leave, { once: true });
  if (signal?.aborted) leave();
  const clientOf = (stream: ReadableStreamDefaultController<Uint8Array>): StreamClient => {
    const finish = (work: () => void) => {
      if (!isOver) work();
      isOver = true;
      signal?.removeEventListener("abort", leave);
    };
    return {
      send: (text) => {
        if (!isOver) stream.enqueue(encoder.encode(text));
        return (stream.desiredSize ?? 0) > 0;
      },
      ready: () =>
        new Promise((resolve) => {
          wake = resolve;
          if (hasLeft || isOver || (stream.desiredSize ?? 0) > 0) resolve();
        }),
      onLeave: (each) => {
        leaving.push(each);
        if (hasLeft) each();
      },
      end: () => finish(() => stream.close()),
      cut: () => finish(() => stream.error(new Error("the client does not read"))),
    };
  };
  return new ReadableStream<Uint8Array>({
    start: (stream) => body(clientOf(stream)),
    pull: () => wake(),
    cancel: () => {
      isOver = true;
      leave();
    },
  });
}
