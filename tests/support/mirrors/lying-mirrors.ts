/**
 * Mirrors that answer wrongly. They answer an app in place of its mirrors and pass requests on to the devnet's mirror. So answers
 * take no extra time, and tests with a driven clock work as before.
 */
import { type Send, send } from "@/lib/adapters/mirror/send";

/** Turns an honest answer into a wrong one: another body, or an HTTP status (`Status`). */
export type Lie = (path: string, honest: MirrorBody) => unknown;
/** The members of the mirror's JSON that lies change. */
export interface MirrorBody {
  readonly messages?: readonly MirrorMessage[];
  readonly blocks?: readonly { readonly timestamp: { from: string; to: string | null } }[];
  readonly [key: string]: unknown;
}
export interface MirrorMessage {
  readonly sequence_number: number;
  readonly consensus_timestamp: string;
  readonly [key: string]: unknown;
}

export class Status {
  constructor(readonly status: number) {}
}

/** Address of a second mirror, with an honest copy of the devnet's ledger. */
export const SECOND = "http://second.mirror.test";

export class LyingMirrors {
  private readonly lies = new Map<string, Lie>();
  /** Requests by mirror and path, since the last reset. */
  readonly asked: { readonly origin: string; readonly path: string }[] = [];
  /** Gives the header `Date` of answers. Null leaves the server's own. */
  date: (() => Date) | null = null;

  constructor(private readonly devnetUrl: () => string) {}

  /** Sets a mirror's lie. Null makes the mirror honest. `first` is the devnet's own address. */
  lie(origin: "first" | string, lie: Lie | null): void {
    const at = origin === "first" ? new URL(this.devnetUrl()).origin : origin;
    if (lie === null) this.lies.delete(at);
    else this.lies.set(at, lie);
  }

  /** Give it to the app as its own. */
  readonly send: Send = async (url, sent) => {
    const { origin, pathname, search } = new URL(url);
    const path = pathname.replace("/api/v1", "") + search;
    this.asked.push({ origin, path });
    const honest = await send(new URL(pathname + search, this.devnetUrl()).href, sent);
    const lie = this.lies.get(origin);
    const date = this.date ? { date: this.date().toUTCString() } : null;
    if (lie === undefined && date === null) return honest;
    const json = (await new Response(honest.body as ReadableStream).json()) as MirrorBody;
    const told = lie ? lie(path, json) : json;
    if (told instanceof Status) return new Response("{}", { status: told.status, headers: date ?? {} });
    const status = told === json ? honest.status : 200;
    return new Response(JSON.stringify(told), { status, headers: date ?? {} });
  };
}

/** Applies `change` to each message of a page, or to a single message. If `change` returns null, the message is left out. */
export function eachMessage(body: MirrorBody, change: (message: MirrorMessage) => MirrorMessage | null): unknown {
  if (body.messages) return { ...body, messages: body.messages.flatMap((message) => change(message) ?? []) };
  return "sequence_number" in body ? (change(body as unknown as MirrorMessage) ?? new Status(404)) : body;
}
