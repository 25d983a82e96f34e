/** Opens a ledger on a directory, or in memory alone. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TopicId } from "@/lib/core/ledger/ids";
import { DirectoryTaken, lockDirectory } from "@/lib/system/directory-lock";
import { makeFolders } from "@/lib/system/make-folders";
import { readRecording } from "../replay";
import { ConsensusClock } from "./consensus-clock";
import { createJournal, type JournalFile, openJournal } from "./journal-file";
import { DevnetLedger } from "./ledger";
import { decodeRecord, encodeRecord, type JournalRecord } from "./records";

const JOURNAL_FILE = "ledger.jsonl";
const LOCK_FILE = "devnet.lock";

export interface OpenLedger<W> {
  readonly ledger: DevnetLedger;
  readonly world: W | null;
  /** The transactions that carried messages, by transaction id: their receipts survive a restart. */
  readonly transactions: ReadonlyMap<string, { readonly topicId: TopicId; readonly sequence: number }>;
  close(): void;
}

export interface OpenLedgerOptions<W> {
  /** Null keeps everything in memory. */
  readonly dataDir: string | null;
  readonly nowMs: () => number;
  /** Fills a ledger that is new. What it returns is kept as the world's description. */
  readonly seed: ((ledger: DevnetLedger) => W) | null;
}

/** Locks the directory, reads its journal, and seeds the ledger if it is new. A seed is there whole or not at all. */
export function openLedger<W>({ dataDir, nowMs, seed }: OpenLedgerOptions<W>): OpenLedger<W> {
  if (dataDir === null) {
    const ledger = new DevnetLedger(new ConsensusClock(nowMs, 0n), () => {});
    return { ledger, world: seed?.(ledger) ?? null, transactions: new Map(), close: () => {} };
  }
  const unlock = take(dataDir);
  try {
    const path = join(dataDir, JOURNAL_FILE);
    if (!existsSync(path) && seed) seedJournal(path, nowMs, seed);
    const opened = readJournal<W>(path, nowMs);
    const close = () => {
      opened.file.close();
      unlock();
    };
    return { ...opened, close };
  } catch (error) {
    unlock();
    throw error;
  }
}

function seedJournal<W>(path: string, nowMs: () => number, seed: (ledger: DevnetLedger) => W): void {
  const lines: string[] = [];
  const ledger = new DevnetLedger(new ConsensusClock(nowMs, 0n), (more) => {
    for (const line of more) lines.push(line);
  });
  lines.push(encodeRecord({ t: "world", world: seed(ledger) }));
  createJournal(path, lines);
}

function readJournal<W>(path: string, nowMs: () => number) {
  const records: JournalRecord[] = [];
  const file: JournalFile = openJournal(path, (value) => records.push(decodeRecord(value)));
  let latestNs = 0n;
  for (const record of records) {
    if (record.t === "message") latestNs = record.message.consensusNs;
    if (record.t === "topic") latestNs = record.topic.createdNs > latestNs ? record.topic.createdNs : latestNs;
  }
  const ledger = new DevnetLedger(new ConsensusClock(nowMs, latestNs), (lines) => file.append(lines));
  const transactions = new Map<string, { topicId: TopicId; sequence: number }>();
  let world: W | null = null;
  for (const record of records) {
    if (record.t === "world") world = record.world as W;
    const recorded = record.t === "recording" ? readRecording(record.messages).flatMap((topic) => topic.messages) : [];
    ledger.restore(record, recorded);
    if (record.t === "message" && record.transaction) {
      transactions.set(record.transaction, { topicId: record.message.topicId, sequence: record.message.sequence });
    }
  }
  return { ledger, world, transactions, file };
}

/** Makes the directory if necessary, and locks it. Throws a sentence that names the fault, or the process that has it. */
function take(dataDir: string): () => void {
  try {
    makeFolders(dataDir);
    return lockDirectory(dataDir, LOCK_FILE);
  } catch (cause) {
    if (!(cause instanceof DirectoryTaken)) {
      const { code = "unknown" } = cause as NodeJS.ErrnoException;
      throw new Error(
        `the devnet directory ${dataDir} cannot be written (${code}): give this process the right to write there, or set DATA_DIR to a directory where it has it`,
        { cause },
      );
    }
    const whose = cause.pid === null ? "being taken by another process" : `in use by process ${cause.pid}`;
    throw new Error(
      `the devnet directory ${dataDir} is ${whose}: stop that process, or set DATA_DIR to another directory, and start again`,
    );
  }
}
