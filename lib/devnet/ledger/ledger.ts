/**
 * The ledger itself, in memory: topics with their hash chains, accounts, and the outcome of transactions. Everything
 * that changes it goes through here, is written to the journal, and is announced to listeners, in that order.
 */
import { createHash } from "node:crypto";
import type { ConsensusNs } from "@/lib/core/ledger/consensus-time";
import { type AccountId, parseTopicId, type TopicId } from "@/lib/core/ledger/ids";
import { GENESIS_HASH, nextRunningHash, RUNNING_HASH_VERSION } from "@/lib/core/ledger/running-hash";
import type { ConsensusClock } from "./consensus-clock";
import { encodeRecord, type JournalRecord } from "./records";
import { type Account, type DevnetChunkInfo, type DevnetMessage, MAX_CHUNK_BYTES, type Topic } from "./types";

export interface Submission {
  readonly topicId: TopicId;
  readonly bytes: Uint8Array;
  readonly payer: AccountId;
  readonly chunk?: DevnetChunkInfo | null;
  /** Only while a world is seeded: a time in the past, later than all others so far. */
  readonly consensusNs?: ConsensusNs;
  /** The transaction that carried it, so that its receipt survives a restart. */
  readonly transaction?: string;
}

export type MessageListener = (message: DevnetMessage) => void;

const FIRST_ENTITY_NUMBER = 1001;
const sha384 = (bytes: Uint8Array): Uint8Array => createHash("sha384").update(bytes).digest();

export class DevnetLedger {
  readonly topics = new Map<TopicId, Topic>();
  readonly accounts = new Map<AccountId, Account>();
  /** Each account as it was created and as it was after each change. */
  readonly #versions = new Map<AccountId, readonly Account[]>();
  readonly #listeners = new Set<MessageListener>();
  #nextEntity = FIRST_ENTITY_NUMBER;
  #latestNs = 0n;

  constructor(
    readonly clock: ConsensusClock,
    private readonly write: (lines: readonly string[]) => void,
  ) {}

  /** Creates a topic with the next free entity number. */
  createTopic(options: Partial<Pick<Topic, "memo" | "submitKey" | "adminKey" | "createdNs">> = {}): Topic {
    const { memo = "", submitKey = null, adminKey = null, createdNs = this.clock.next() } = options;
    const id = `0.0.${this.#nextEntity}` as TopicId;
    this.#keep({ t: "topic", topic: { id, memo, createdNs, submitKey, adminKey } });
    return this.topic(id);
  }

  /** Creates an account, with the next free entity number unless an id is given. */
  createAccount(
    key: Uint8Array,
    options: { id?: AccountId; createdNs?: ConsensusNs; memo?: string; evmAddress?: string } = {},
  ): Account {
    const { id = `0.0.${this.#nextEntity}` as AccountId, createdNs = this.clock.next(), memo = "" } = options;
    const alias = options.evmAddress === undefined ? {} : { evmAddress: options.evmAddress };
    const account: Account = { id, key, ...alias, createdNs, memo };
    this.#keep({ t: "account", account });
    return account;
  }

  /** Gives an account another key, or deletes it. */
  updateAccount(id: AccountId, change: Partial<Pick<Account, "key" | "isDeleted">>): Account {
    const known = this.accounts.get(id);
    if (!known) throw new Error(`there is no account ${id} on this devnet`);
    const account = { ...known, ...change, changedNs: this.clock.next() };
    this.#keep({ t: "account", account });
    return account;
  }

  /** The account as it was at a time, or as it is now; undefined if there is or was none. */
  accountAt(id: AccountId, atNs: bigint | null): Account | undefined {
    if (atNs === null) return this.accounts.get(id);
    return this.#versions.get(id)?.findLast(({ createdNs, changedNs }) => (changedNs ?? createdNs) <= atNs);
  }

  /** The topic; throws if there is none. */
  topic(id: TopicId): Topic {
    const topic = this.topics.get(id);
    if (!topic) throw new Error(`there is no topic ${id} on this devnet`);
    return topic;
  }

  /** Appends messages, each a link of its topic's hash chain, with one write to the journal. */
  submit(submissions: readonly Submission[]): DevnetMessage[] {
    const lines: string[] = [];
    const messages = submissions.map((submission) => {
      const message = this.#link(submission);
      lines.push(encodeRecord({ t: "message", message, transaction: submission.transaction ?? null }));
      return message;
    });
    try {
      this.write(lines);
    } catch (cause) {
      // The journal did not take these messages, so the ledger must not have them either.
      for (const { topicId } of messages) this.topic(topicId).messages.pop();
      throw cause;
    }
    for (const message of messages) for (const listener of this.#listeners) listener(message);
    return messages;
  }

  /** Calls back for each new message, after it is on the ledger. Returns the function that ends it. */
  onMessage(listener: MessageListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keeps recorded messages under their own topic id, to be served as they are. */
  record(topicId: TopicId, messages: readonly DevnetMessage[], json: readonly unknown[]): void {
    this.#apply({ t: "recording", topicId, messages: json }, messages);
    this.write([encodeRecord({ t: "recording", topicId, messages: json })]);
  }

  /** Takes in a record from the journal of an earlier run. */
  restore(record: JournalRecord, recorded: readonly DevnetMessage[] = []): void {
    this.#apply(record, recorded);
  }

  #link(submission: Submission): DevnetMessage {
    const { topicId, bytes, payer, chunk = null } = submission;
    const topic = this.topic(topicId);
    if (topic.recorded) throw new Error(`topic ${topicId} is a recording and takes no messages`);
    if (bytes.length > MAX_CHUNK_BYTES) throw new RangeError(`a transaction carries at most ${MAX_CHUNK_BYTES} bytes`);
    const consensusNs = submission.consensusNs ?? this.clock.next();
    if (consensusNs <= this.#latestNs) throw new RangeError("consensus times rise strictly on the whole network");
    const before = topic.messages.at(-1);
    const sequence = (before?.sequence ?? 0) + 1;
    const link = { topicId, payer, consensusNs, sequence };
    const runningHash = nextRunningHash(sha384, before?.runningHash ?? GENESIS_HASH, link, bytes);
    const message: DevnetMessage = { ...link, bytes, runningHash, runningHashVersion: RUNNING_HASH_VERSION, chunk };
    this.#append(topic, message);
    return message;
  }

  #append(topic: Topic, message: DevnetMessage): void {
    topic.messages.push(message);
    if (message.consensusNs > this.#latestNs) this.#latestNs = message.consensusNs;
  }

  #keep(record: JournalRecord): void {
    this.#apply(record, []);
    this.write([encodeRecord(record)]);
  }

  #apply(record: JournalRecord, recorded: readonly DevnetMessage[]): void {
    switch (record.t) {
      case "topic":
        this.topics.set(record.topic.id, { ...record.topic, recorded: false, messages: [] });
        this.#taken(record.topic.id);
        return;
      case "account":
        this.accounts.set(record.account.id, record.account);
        this.#versions.set(record.account.id, [...(this.#versions.get(record.account.id) ?? []), record.account]);
        this.#taken(record.account.id);
        return;
      case "message":
        this.#append(this.topic(record.message.topicId), record.message);
        return;
      case "recording": {
        const existing = this.topics.get(record.topicId);
        if (existing && !existing.recorded) throw new Error(`topic ${record.topicId} exists and is no recording`);
        const createdNs = recorded[0]?.consensusNs ?? (0n as ConsensusNs);
        const id = parseTopicId(record.topicId) as TopicId;
        const topic = { id, memo: "recorded", createdNs, submitKey: null, adminKey: null, recorded: true };
        this.topics.set(id, { ...topic, messages: [...recorded] });
        return;
      }
      case "world":
        return;
    }
  }

  // Account ids of seeded people lie far above; only the low numbers are dealt out in order.
  #taken(id: string): void {
    const number = Number(id.slice(id.lastIndexOf(".") + 1));
    if (number >= this.#nextEntity && number < 100_000) this.#nextEntity = number + 1;
  }
}
