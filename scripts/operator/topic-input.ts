/** Input of the topic commands: a file or standard input in the mirror's JSON shape, or a topic id to fetch. */
import { readFileSync } from "node:fs";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { parseMirrorAddress } from "@/lib/adapters/mirror/mirror-address";
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import { readMessage, topicIn } from "@/lib/adapters/mirror/read-message";
import { parseTopicId, type TopicId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { Refusal } from "../command";
import { environment } from "../environment";

/** Nothing could be read. Ends with status 2, because status 1 says that a message failed. */
export class Unreadable extends Refusal {
  constructor(sentence: string) {
    super(sentence, 2);
  }
}

const PUBLIC_MIRROR = "https://mainnet-public.mirrornode.hedera.com";
const MAX_PAGES = 10_000;

const isStandardInput = (source: string | undefined) => source === undefined || source === "-";
const nameOf = (source: string | undefined) => (isStandardInput(source) ? "standard input" : (source as string));

/**
 * Messages from the named file, from standard input (`-` or nothing), or of the topic with that id, in the order of the input.
 */
export async function readMessages(source: string | undefined, what: string): Promise<readonly LedgerMessage[]> {
  const topicId = source === undefined ? null : parseTopicId(source);
  if (topicId !== null) return fetchTopic(topicId);
  const messages = parseMessages(readText(source, what), nameOf(source));
  if (messages.length === 0)
    throw new Unreadable(
      `${nameOf(source)} holds no message. Fetch a page of the mirror that has some: {"messages":[…]}.`,
    );
  return messages;
}

/** The text of a file or of standard input: UTF-8 or UTF-16, with or without a byte order mark. */
export function readText(source: string | undefined, what: string): string {
  if (isStandardInput(source) && process.stdin.isTTY) {
    throw new Unreadable(`Name a file or a topic id, or pipe the mirror's JSON in: npm run -s ${what} -- FILE`);
  }
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(isStandardInput(source) ? 0 : (source as string));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT")
      throw new Unreadable(`${source} is not a topic id (0.0.<number>), and no file here has this name.`);
    if (code === "EISDIR") throw new Unreadable(`${source} is a folder: name a file in it.`);
    throw new Unreadable(`${nameOf(source)} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (bytes.length === 0)
    throw new Unreadable(
      `${nameOf(source)} is empty: it must hold the mirror's JSON. Pipe a page of messages into the command, or name a topic or a file.`,
    );
  const encoding = encodingOf(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Unreadable(`${nameOf(source)} is not text in ${encoding.toUpperCase()}: save it as UTF-8.`);
  }
}

/**
 * Detects the encoding by its byte order mark. Without one, JSON starts with an ASCII character, which UTF-16 writes next to a
 * zero byte.
 */
function encodingOf([first, second]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (second === 0) return "utf-16le";
  return first === 0 ? "utf-16be" : "utf-8";
}

/** Parses one mirror answer, a list of messages, one message, or one of these on each line. */
function parseMessages(text: string, name: string): readonly LedgerMessage[] {
  return parseDocuments(text, name)
    .flatMap(messagesIn)
    .map((json, index) => {
      const topicId = topicIn(json);
      if (topicId === null) throw new Unreadable(`${name}: message ${index + 1} has no topic_id like 0.0.7148063.`);
      const message = readMessage(json, topicId);
      if (!("sequence" in message))
        throw new Unreadable(`${name}: message ${index + 1} has no sequence_number from 1.`);
      if (message.defect === "bad-bytes")
        throw new Unreadable(
          `${name}: message ${index + 1} is not base64. Pages fetched with encoding=utf-8 do not hold every byte: fetch the page without that parameter.`,
        );
      return message;
    });
}

function parseDocuments(text: string, name: string): readonly unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    // The text is not one JSON document. It may have one on each line.
  }
  try {
    return text
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => JSON.parse(line) as unknown);
  } catch {
    throw new Unreadable(`${name} is not JSON in the mirror's shape: {"messages":[…]}.`);
  }
}

function messagesIn(document: unknown): readonly unknown[] {
  if (Array.isArray(document)) return document.flatMap(messagesIn);
  if (typeof document === "object" && document !== null && "messages" in document && Array.isArray(document.messages)) {
    return document.messages;
  }
  return [document];
}

/** The mirror of MIRROR_URL, or mainnet's public one. */
async function fetchTopic(topicId: TopicId): Promise<readonly LedgerMessage[]> {
  const urls = (environment().MIRROR_URL ?? PUBLIC_MIRROR).split(",").map((url) => url.trim());
  for (const url of urls) {
    const address = parseMirrorAddress(url);
    if (!address.ok) throw new Unreadable(`MIRROR_URL holds an address that ${address.error}.`);
  }
  const ledger = new MirrorLedger({ urls, clock: systemClock, reserve: async () => 0 });
  const messages: LedgerMessage[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await ledger.page({ topicId, after: messages.at(-1)?.sequence ?? 0, limit: 100 });
    if (!answer.ok)
      throw new Unreadable(
        `The mirror did not give topic ${topicId}: ${answer.error.message}. Set MIRROR_URL to ask another.`,
      );
    if (answer.value.length === 0) break;
    messages.push(...answer.value);
  }
  if (messages.length === 0)
    throw new Unreadable(
      `The mirror has no messages of topic ${topicId}. Check the id, or set MIRROR_URL to a mirror of its network.`,
    );
  return messages;
}
