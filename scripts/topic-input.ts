/** What the topic commands read: a file or standard input in the mirror's JSON shape, or a topic id to fetch. */
import { readFileSync } from "node:fs";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { MessageJson } from "@/lib/adapters/mirror/mirror-json";
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import { parseTopicId, type TopicId } from "@/lib/core/ids";
import type { LedgerMessage } from "@/lib/ports/ledger";
import { environment } from "./environment";

/** A failure whose message is all that its reader needs. */
export class UsageError extends Error {}

const PUBLIC_MIRROR = "https://mainnet-public.mirrornode.hedera.com";
const MAX_PAGES = 10_000;

/** Messages of the named file, of standard input (`-` or nothing), or of the topic with that id. In the order of the input. */
export async function readMessages(source: string | undefined, what: string): Promise<readonly LedgerMessage[]> {
  const topicId = source === undefined ? null : parseTopicId(source);
  if (topicId !== null) return fetchTopic(topicId);
  const name = source === undefined || source === "-" ? "standard input" : source;
  return parseMessages(readText(source, what), name);
}

export function readText(source: string | undefined, what: string): string {
  if ((source === undefined || source === "-") && process.stdin.isTTY) {
    throw new UsageError(`Name a file or a topic id, or pipe the mirror's JSON in: npm run -s ${what} -- FILE`);
  }
  try {
    return readFileSync(source === undefined || source === "-" ? 0 : source, "utf8");
  } catch (cause) {
    throw new UsageError(`${source} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** One mirror answer, a list of messages, one message, or any of them one to a line. */
function parseMessages(text: string, name: string): readonly LedgerMessage[] {
  const documents = parseDocuments(text, name);
  return documents.flatMap(messagesIn).map((json, index) => {
    const parsed = MessageJson.safeParse(json);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new UsageError(
      `${name}: message ${index + 1} is not in the mirror's shape: ${issue?.path.join(".")}: ${issue?.message}`,
    );
  });
}

function parseDocuments(text: string, name: string): readonly unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    // Not one document: perhaps one to a line.
  }
  try {
    return text
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => JSON.parse(line) as unknown);
  } catch {
    throw new UsageError(`${name} is not JSON in the mirror's shape: {"messages":[…]}.`);
  }
}

function messagesIn(document: unknown): readonly unknown[] {
  if (Array.isArray(document)) return document.flatMap(messagesIn);
  if (typeof document === "object" && document !== null && "messages" in document && Array.isArray(document.messages)) {
    return document.messages;
  }
  return [document];
}

/** MIRROR_URL names the mirror; the public one of mainnet otherwise. */
async function fetchTopic(topicId: TopicId): Promise<readonly LedgerMessage[]> {
  const urls = (environment().MIRROR_URL ?? PUBLIC_MIRROR).split(",").map((url) => url.trim());
  const ledger = new MirrorLedger({ urls, clock: systemClock, reserve: async () => 0 });
  const messages: LedgerMessage[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await ledger.page({ topicId, after: messages.at(-1)?.sequence ?? 0, limit: 100 });
    if (!answer.ok)
      throw new UsageError(
        `The mirror did not give topic ${topicId}: ${answer.error.message}. Set MIRROR_URL to ask another.`,
      );
    if (answer.value.length === 0) break;
    messages.push(...answer.value);
  }
  if (messages.length === 0) throw new UsageError(`The mirror has no messages of topic ${topicId}.`);
  return messages;
}

/** Runs a command; a UsageError ends it with its sentence and status 2. */
export async function command(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    console.error(cause.message);
    process.exitCode = 2;
  }
}
