/**
 * `npm run -s topic:decode -- FILE`: prints the meaning of each message, one JSON object for each line. Chunked messages are
 * reassembled and printed at their last chunk. `--cases FILE` checks cases in the shape of
 * tests/fixtures/vectors/envelopes.json.
 */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { Reassembly } from "@/lib/core/ledger/chunks";
import { formatConsensusTime, toMs } from "@/lib/core/ledger/consensus-time";
import { signalId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import type { Result } from "@/lib/core/result";
import { decodeMessage, decodeSignals } from "@/lib/core/signals/envelope";
import type { DecodedBody, UndecodableReason } from "@/lib/core/signals/signal";
import { signalTime } from "@/lib/core/signals/signal-batch";
import { command } from "../command";
import { readMessages, readText, Unreadable } from "./topic-input";

const Cases = z.object({
  cases: z.array(
    z.object({
      name: z.string(),
      message: z.unknown().optional(),
      messageBase64: z.string().optional(),
      expect: z.record(z.string(), z.unknown()),
    }),
  ),
});

const said = ({ type, actor, target, weight, definitionId }: DecodedBody) => ({
  type,
  ...(actor === null ? {} : { actor }),
  ...(target === null ? {} : { target }),
  ...(weight === undefined ? {} : { weight }),
  ...(definitionId === undefined ? {} : { definitionId }),
});

function report(message: LedgerMessage, decoded: Result<readonly DecodedBody[], UndecodableReason>): void {
  const { sequence, topicId } = message;
  if (!decoded.ok) {
    print({ sequence, undecodable: decoded.error });
    return;
  }
  for (const [place, signal] of decoded.value.entries()) {
    const consensusNs = signalTime(message.consensusNs, place);
    const where = {
      id: signalId(topicId, sequence, place),
      ts: toMs(consensusNs),
      consensusTimestamp: formatConsensusTime(consensusNs),
    };
    print({ sequence, signal: { ...said(signal), ...where, metadata: signal.metadata } });
  }
}

const print = (value: unknown) => console.log(JSON.stringify(value));

async function decodeTopic(source: string | undefined): Promise<void> {
  const messages = [...(await readMessages(source, "topic:decode"))].sort((a, b) => a.sequence - b.sequence);
  const reassemblies = new Map<string, Reassembly>();
  for (const message of messages) {
    const { sequence, topicId, chunk, message: bytes, defect } = message;
    if (defect) {
      print({ sequence, failed: defect });
      continue;
    }
    const reassembly = reassemblies.get(topicId) ?? new Reassembly();
    reassemblies.set(topicId, reassembly);
    const whole = reassembly.take({ chunk, message: bytes, verification: "unverifiable" });
    if (whole === "bad-chunk") report(message, { ok: false, error: "bad-chunk" });
    else if (whole !== null && whole !== "repeat") report(message, decodeSignals(whole.message));
  }
}

function checkCases(source: string | undefined): void {
  const parsed = Cases.safeParse(parseJson(readText(source, "topic:decode"), source ?? "standard input"));
  if (!parsed.success)
    throw new Unreadable(`${source ?? "standard input"} does not have the shape {"cases":[{name, message, expect}]}.`);
  let mismatches = 0;
  for (const { name, message, messageBase64, expect } of parsed.data.cases) {
    const bytes =
      messageBase64 === undefined ? Buffer.from(JSON.stringify(message)) : Buffer.from(messageBase64, "base64");
    const decoded = decodeMessage(bytes);
    const actual: Record<string, unknown> = decoded.ok ? { ...decoded.value } : { undecodable: decoded.error };
    const wrong = Object.keys(expect).filter((key) => !isDeepStrictEqual(actual[key], expect[key]));
    if (wrong.length === 0) continue;
    mismatches += 1;
    print({ name, mismatch: wrong, expected: expect, actual });
  }
  const { length } = parsed.data.cases;
  print({ cases: length, passed: length - mismatches, mismatches });
  if (mismatches > 0) process.exitCode = 1;
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unreadable(`${name} is not JSON.`);
  }
}

const USAGE = `npm run -s topic:decode -- [--cases] [FILE | TOPIC_ID | -]
  --cases       checks cases in the shape of tests/fixtures/vectors/envelopes.json

Reads a file, standard input (- or nothing), or a topic from the mirror in MIRROR_URL. Prints one JSON object for each message:
{"sequence", "signal"}, {"sequence", "undecodable"} with the reason, or {"sequence", "failed"} if it is not a message. A chunked
message is printed at its last chunk, and a batch as one line for each of its signals.
Ends with status 0, with 1 if a case differs, and with 2 if there was nothing to read.`;

void command(
  { usage: USAGE, options: { cases: { type: "boolean" } }, words: { least: 0, most: 1 } },
  async ({ values, words: [source] }) => (values.cases ? checkCases(source) : decodeTopic(source)),
);
