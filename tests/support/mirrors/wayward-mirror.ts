/**
 * A faulty mirror of an honest ledger. It may fall behind, go back, lie once, or refuse one reader. At any time its head and its
 * pages show the same state, as one replica does. It tells only lies that the ledger's hash chain reveals.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { formatConsensusTime } from "@/lib/core/ledger/consensus-time";
import { messageObject } from "@/lib/devnet/rest/message-json";
import type { HonestLedger } from "./honest-ledger";

export const LIES = ["altered", "foreign", "far-ahead", "future-head", "error", "short-page", "hole"] as const;
export type Lie = (typeof LIES)[number];

/** A reader's request to a mirror. */
export type MirrorRequest = "head" | "page" | "message";

type Json = Record<string, unknown>;
type Answer = { readonly status: number; readonly json: Json };

const FUTURE_NS = 3_600_000_000_000n;

export class WaywardMirror {
  /** Consensus time at which it stopped to import the ledger. Null while it follows. */
  private frozenNs: bigint | null = null;
  private lie: Lie | null = null;
  /** Readers that get status 503. */
  readonly refused = new Set<string>();
  /** Called when an answer is made and not yet sent. */
  onAnswered: (request: MirrorRequest) => void = () => {};

  constructor(private readonly ledger: HonestLedger) {}

  freeze(): void {
    this.frozenNs ??= this.ledger.headNs();
  }

  /** Goes back by `ms`, as if restored from a backup. It stays there until `follow`. */
  goBack(ms: number): void {
    this.frozenNs = this.ledger.headNs() - BigInt(ms) * 1_000_000n;
  }

  follow(): void {
    this.frozenNs = null;
  }

  lieOnce(lie: Lie): void {
    this.lie = lie;
  }

  heal(): void {
    this.frozenNs = null;
    this.lie = null;
    this.refused.clear();
  }

  /** Opens an address for one reader. The mirror tells its readers apart by their addresses. */
  async listen(reader: string): Promise<{ readonly url: string; close(): Promise<void> }> {
    const server: Server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://mirror.test");
      const { status, json } = this.refused.has(reader) ? { status: 503, json: {} } : this.answer(url);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    };
  }

  private answer({ pathname, searchParams }: URL): Answer {
    if (this.tells("error")) return { status: 500, json: {} };
    const throughNs = this.frozenNs ?? this.ledger.headNs();
    const [, topicId = "", sequence] = /^\/api\/v1\/topics\/([\d.]+)(?:\/messages(?:\/(\d+))?)?$/.exec(pathname) ?? [];
    const request: MirrorRequest = pathname === "/api/v1/blocks" ? "head" : sequence === undefined ? "page" : "message";
    const answer =
      request === "head"
        ? this.head(throughNs)
        : request === "page"
          ? this.page(topicId, throughNs, searchParams.getAll("sequencenumber"))
          : this.message(topicId, throughNs, Number(sequence));
    this.onAnswered(request);
    return answer;
  }

  private head(throughNs: bigint): Answer {
    const ns = this.tells("future-head") ? throughNs + FUTURE_NS : throughNs;
    const timestamp = { from: formatConsensusTime((ns - 1n) as never), to: formatConsensusTime(ns as never) };
    return { status: 200, json: { blocks: [{ timestamp }], links: { next: null } } };
  }

  private message(topicId: string, throughNs: bigint, sequence: number): Answer {
    const found = this.ledger.chain(topicId, throughNs)[sequence - 1];
    return found ? { status: 200, json: messageObject(found) } : { status: 404, json: {} };
  }

  private page(topicId: string, throughNs: bigint, bounds: readonly string[]): Answer {
    const bound = (name: string, otherwise: number) => {
      const found = bounds.map((text) => new RegExp(`^${name}:(\\d+)$`).exec(text)?.[1]).find((text) => text);
      return found === undefined ? otherwise : Number(found);
    };
    const [from, last] = [bound("gte", 1), bound("lte", Number.POSITIVE_INFINITY)];
    const asked = this.ledger.chain(topicId, throughNs).filter(({ sequence }) => sequence >= from && sequence <= last);
    const messages: Json[] = asked.slice(0, 100).map(messageObject);
    const [first] = messages;
    if (first && this.tells("altered"))
      messages[0] = { ...first, message: Buffer.from('{"type":"X"}').toString("base64") };
    if (first && this.tells("foreign")) messages[0] = { ...first, topic_id: "0.0.999" };
    if (first && this.tells("far-ahead")) messages.push({ ...messages.pop(), sequence_number: 5_000_000 });
    if (messages.length > 1 && this.tells("hole")) messages.shift();
    // The next request gets the rest.
    if (messages.length > 1 && this.tells("short-page")) messages.pop();
    return { status: 200, json: { messages, links: { next: null } } };
  }

  /** True once if `lie` is the chosen lie. */
  private tells(lie: Lie): boolean {
    if (this.lie !== lie) return false;
    this.lie = null;
    return true;
  }
}
