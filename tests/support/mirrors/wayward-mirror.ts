/**
 * A mirror of an honest ledger that may fall behind, go back, lie once, or answer one reader and not another. What it serves at
 * one time is of one state: its head and its pages agree, as of one replica. Lies are those that the ledger's hash chain shows.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { formatConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { LedgerMessage } from "@/lib/devnet/ledger/types";
import { messageObject } from "@/lib/devnet/rest/message-json";
import { chainOf, OPERATOR } from "./chain";

export const LIES = ["altered", "foreign", "far-ahead", "future-head", "error", "short-page"] as const;
export type Lie = (typeof LIES)[number];

type Json = Record<string, unknown>;

export class WaywardMirror {
  /** All that is on the ledger, by topic; in the order of consensus time. */
  private readonly bodies = new Map<string, { readonly body: unknown; readonly consensusNs: bigint }[]>();
  private lastNs = 0n;
  /** Through when it has imported the ledger; null: it follows. */
  private frozenNs: bigint | null = null;
  private lie: Lie | null = null;
  /** Readers that get no answer. */
  readonly refused = new Set<string>();

  constructor(private readonly nowMs: () => number) {}

  /** Puts a message onto the ledger, now. */
  write(topicId: string, body: unknown): void {
    const nowNs = BigInt(this.nowMs()) * 1_000_000n;
    const consensusNs = nowNs > this.lastNs ? nowNs : this.lastNs + 1n;
    this.lastNs = consensusNs;
    this.bodies.set(topicId, [...(this.bodies.get(topicId) ?? []), { body, consensusNs }]);
  }

  /** How many messages of a topic the ledger has through a time. */
  count(topicId: string, throughNs: bigint): number {
    return (this.bodies.get(topicId) ?? []).filter(({ consensusNs }) => consensusNs <= throughNs).length;
  }

  freeze(): void {
    this.frozenNs ??= this.headNs();
  }

  /** As it was so long ago, as from a backup; it stays there until it follows again. */
  goBack(ms: number): void {
    this.frozenNs = this.headNs() - BigInt(ms) * 1_000_000n;
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

  /** The address for one reader, who is told apart from the others by it. */
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

  private headNs(): bigint {
    const nowNs = BigInt(this.nowMs()) * 1_000_000n;
    // Messages from now on are later than everything that was told.
    this.lastNs = nowNs > this.lastNs ? nowNs : this.lastNs;
    return this.lastNs;
  }

  private answer({ pathname, searchParams }: URL): { readonly status: number; readonly json: Json } {
    const throughNs = this.frozenNs ?? this.headNs();
    const [, topicId = "", sequence] = /^\/api\/v1\/topics\/([\d.]+)(?:\/messages(?:\/(\d+))?)?$/.exec(pathname) ?? [];
    const tells = (...lies: Lie[]) => {
      if (this.lie === null || !lies.includes(this.lie)) return false;
      this.lie = null;
      return true;
    };
    if (tells("error")) return { status: 500, json: {} };
    if (pathname === "/api/v1/blocks") {
      const ns = tells("future-head") ? throughNs + 3_600_000_000_000n : throughNs;
      const timestamp = { from: formatConsensusTime((ns - 1n) as never), to: formatConsensusTime(ns as never) };
      return { status: 200, json: { blocks: [{ timestamp }], links: { next: null } } };
    }
    const pieces = (this.bodies.get(topicId) ?? []).filter(({ consensusNs }) => consensusNs <= throughNs);
    const chain = chainOf(topicId, pieces).map(
      (message): LedgerMessage => ({ ...message, payer: OPERATOR, bytes: message.message, chunk: null }),
    );
    if (sequence !== undefined) {
      const found = chain[Number(sequence) - 1];
      return found ? { status: 200, json: messageObject(found) } : { status: 404, json: {} };
    }
    const bound = (name: string) =>
      searchParams.getAll("sequencenumber").map((text) => new RegExp(`^${name}:(\\d+)$`).exec(text)?.[1] ?? null);
    const [from = 1] = bound("gte").flatMap((text) => (text === null ? [] : [Number(text)]));
    const [last = Number.POSITIVE_INFINITY] = bound("lte").flatMap((text) => (text === null ? [] : [Number(text)]));
    const page = chain.filter((message) => message.sequence >= from && message.sequence <= last).slice(0, 100);
    const messages: Json[] = page.map(messageObject);
    const [first] = messages;
    if (first && tells("altered")) messages[0] = { ...first, message: Buffer.from('{"type":"X"}').toString("base64") };
    if (first && tells("foreign")) messages[0] = { ...first, topic_id: "0.0.999" };
    if (first && tells("far-ahead")) messages[messages.length - 1] = { ...messages.at(-1), sequence_number: 5_000_000 };
    // The rest comes with the next question.
    if (messages.length > 1 && tells("short-page")) messages.pop();
    return { status: 200, json: { messages, links: { next: null } } };
  }
}
