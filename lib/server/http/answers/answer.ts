import "server-only";
/**
 * Answers as plain data. The server in front writes them to the socket as they are, and route handlers of the framework make a
 * Response of them. The classes of the Fetch standard cost 10 to 30 µs of CPU each, as much as a whole cached read.
 */
import type { CompressedCopies, Encoding } from "../../../engine/reads/view";

/** Values by lower-case name. */
export type AnswerHeaders = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** Further headers, names and values in turn. Merging objects costs more CPU. */
  readonly lines?: readonly string[];
  /** Headers that all answers of a kind share, in the same form. The array itself is shared too: its text is made once. */
  readonly common?: readonly string[];
  readonly body: AnswerBody;
}

export type AnswerBody = null | string | SharedBody | StreamBody;

/** Bytes that many answers share, and after them the end that is this answer's own. */
export interface SharedBody {
  readonly shared: Buffer;
  /** Latin-1 text: each character is one byte. */
  readonly end: string;
  /** Where compressed forms of the shared bytes are kept. Absent: they are made for each answer. */
  readonly copies?: CompressedCopies | undefined;
}

/** A body that is sent as things happen. It is called once, with the client that gets it. */
export type StreamBody = (client: StreamClient) => void;

export interface StreamClient {
  /** Sends text. Returns false if the client is behind: then wait for `ready` before anything is made for it. */
  send(text: string): boolean;
  /** Resolves when the client has taken what was sent, or has left. */
  ready(): Promise<void>;
  /** Calls `leave` once the client has left, or at once if it has. */
  onLeave(leave: () => void): void;
  /** Ends the answer. */
  end(): void;
  /** Breaks the answer off, without waiting until the client takes the rest. */
  cut(): void;
}

/** JSON with a status of 200, or another one. */
export const json = (content: unknown, headers: AnswerHeaders, status = 200): Answer => ({
  status,
  headers: { ...headers, "content-type": "application/json" },
  body: JSON.stringify(content),
});

/** An answer for many: its body is encoded and compressed once. A stream stays as it is. */
export function forMany(answer: Answer): Answer {
  if (typeof answer.body !== "string") return answer;
  const copies = new Map<Encoding, Buffer>();
  const keep = (encoding: Encoding, bytes: Buffer) => void copies.set(encoding, bytes);
  const shared = Buffer.from(answer.body);
  return { ...answer, body: { shared, end: "", copies: { get: (encoding) => copies.get(encoding), keep } } };
}

/** The whole body as text. Empty for none. Throws for a stream. */
export function textOf({ body }: Answer): string {
  if (typeof body === "function") throw new Error("a stream has no text");
  if (body === null || typeof body === "string") return body ?? "";
  return body.shared.toString("utf8") + Buffer.from(body.end, "latin1").toString("utf8");
}
