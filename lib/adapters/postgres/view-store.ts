import { sql } from "drizzle-orm";
import { MAX_EDGES } from "../../core/bounds";
import { kindOfChunk } from "../../core/ledger/chunks";
import { type ConsensusNs, consensusNs, MAX_CONSENSUS_NS } from "../../core/ledger/consensus-time";
import { MAX_SEQUENCE, type Sequence, type TopicId, type TopicKind, type UserId } from "../../core/ledger/ids";
import type { LogEntry } from "../../core/signals/batch";
import { type Definition, type Profile, underStrictBonding } from "../../core/signals/projection";
import type {
  Catalogue,
  CatalogueQuery,
  ContactRows,
  EdgeRows,
  EventPage,
  MissedPage,
  ProofRow,
  RecognitionRows,
  SignalPage,
  SignalQuery,
  SignalRow,
  WrittenRow,
} from "../../ports/store/view-rows";
import type { ViewStore } from "../../ports/store/view-store";
import { signatureState, typeNumber, UNNAMED_TYPE } from "./codec/codes";
import { SEGMENT_LENGTH, segmentStart } from "./codec/log-segment";
import { logEntry } from "./codec/rows";
import type { Statements } from "./drivers/statements";
import type { RowReader } from "./read/row-reader";
import type { StoredMessages } from "./read/stored-messages";
import { CONTACTS, type EdgeAnswer, PEERS } from "./read/views/contacts";
import { EVENTS } from "./read/views/events";
import { BESIDE, FROM_READER, type Owner, READER } from "./read/views/pages";
import { CONCERNS, PROOF } from "./read/views/proof";
import {
  CATALOGUE,
  type DefinitionAnswer,
  NAMED_DEFINITIONS,
  OWN_DEFINITIONS,
  RECOGNITION,
} from "./read/views/recognition";
import { MISSED, NEWEST, NEWEST_OF_TYPES, type SignalAnswer } from "./read/views/signals";
import { HEADS, PEERS_OF, PROFILES } from "./read/views/users";
import {
  type Present,
  present,
  readAtOnce,
  toDefinition,
  toEdge,
  toEvent,
  toProfile,
  toProfileName,
  toProof,
  toSignal,
  toWritten,
} from "./read/views/view-rows";
import { WRITTEN } from "./read/views/written";
import { parameters, preparedTemplate } from "./sql/template";

const HEAD_OF = preparedTemplate(
  parameters<Owner>(),
  BESIDE,
  (columns) => sql`${READER} SELECT ${columns} ${FROM_READER}`,
);

/** The readers' side of the store, in PostgreSQL. */
export class PostgresViewStore implements ViewStore {
  /** `isStrict`: edges are read as STRICT_BONDING has them (`underStrictBonding` of lib/core/signals/projection). */
  constructor(
    private readonly statements: Statements,
    private readonly rowReader: RowReader,
    private readonly messages: StoredMessages,
    private readonly isStrict = false,
  ) {}

  async head(userId: UserId): Promise<number> {
    return headOf(await this.statements.run("head", HEAD_OF({ userId })));
  }

  async contacts(userId: UserId, limit = MAX_EDGES): Promise<ContactRows> {
    const rows = await this.statements.numbers.read(userId, (reader) =>
      this.statements.run("contacts", CONTACTS({ ...reader, limit })),
    );
    return { position: headOf(rows), edges: this.edgesOf(userId, rows, (_, row) => toProfileName(row)) };
  }

  async peers(userId: UserId, peerIds: readonly UserId[]): Promise<EdgeRows<Profile>> {
    const rows = await this.statements.numbers.read(userId, (reader) =>
      this.statements.run("contacts", PEERS({ ...reader, peerIds })),
    );
    return { position: headOf(rows), edges: this.edgesOf(userId, rows, toProfile) };
  }

  private edgesOf<R extends EdgeAnswer, P>(
    userId: UserId,
    rows: readonly R[],
    profileOf: (peerId: UserId, row: R) => P | null,
  ) {
    const edges = rows.flatMap((row) => (row.peerId === null ? [] : [{ peerId: row.peerId, row }]));
    return this.rowReader.rows("contact_edges", edges, ({ peerId, row }) => {
      const stored = toEdge(userId, peerId, row);
      return { ...(this.isStrict ? underStrictBonding(stored) : stored), profile: profileOf(peerId, row) };
    });
  }

  async signals(userId: UserId, query: SignalQuery): Promise<SignalPage> {
    // One row more than asked for shows whether there is a next page.
    const page = {
      beforeNs: query.beforeNs ?? MAX_CONSENSUS_NS,
      limit: query.limit + 1,
      maxRows: query.maxRows,
    };
    const types = query.types.map(typeNumber).filter((number) => number !== UNNAMED_TYPE);
    const names = query.types.filter((type) => typeNumber(type) === UNNAMED_TYPE);
    const rows = await this.withPacked<SignalAnswer>(
      (place) =>
        this.statements.numbers.read(userId, (reader) =>
          this.statements.run(
            "signals",
            query.types.length === 0
              ? NEWEST[place]({ ...reader, ...page })
              : NEWEST_OF_TYPES[place]({ ...reader, ...page, types, names }),
          ),
        ),
      isBehind(page.limit),
    );
    return this.signalPage(rows, query.limit);
  }

  /** Reads the unpacked rows, and if the page may reach back to packed ones, all rows. */
  private async withPacked<A extends { readonly packedNs: bigint }>(
    read: (place: "unpacked" | "all") => Promise<readonly A[]>,
    isBehind: (rows: readonly A[], packedNs: bigint) => boolean,
  ): Promise<readonly A[]> {
    const rows = await read("unpacked");
    const packedNs = rows[0]?.packedNs ?? 0n;
    return packedNs > 0n && isBehind(rows, packedNs) ? read("all") : rows;
  }

  private async signalPage(rows: readonly SignalAnswer[], limit: number): Promise<SignalPage> {
    const { page: all, dropped } = await this.messages.completed(present(rows).slice(0, limit));
    const page = readAtOnce(all);
    const last = page.at(-1);
    const isCut = last !== undefined && page.length < (rows[0]?.found ?? 0);
    return {
      position: headOf(rows),
      rows: this.signalsOf(page.filter(({ ref }) => !dropped.has(ref))),
      nextBeforeNs: isCut ? consensusNs(last.consensusNs) : null,
      droppedNs: droppedFrom(rows, page, dropped, isCut ? last.consensusNs : 0n),
    };
  }

  private signalsOf(rows: readonly Present<SignalAnswer>[]): readonly SignalRow[] {
    return this.rowReader.rows("hcs_messages", rows, toSignal);
  }

  async signalsAfter(userId: UserId, position: number, limit: number): Promise<MissedPage> {
    const rows = await this.withPacked(
      (place) =>
        this.statements.numbers.read(userId, (reader) =>
          this.statements.run("catch-up", MISSED[place]({ ...reader, position, limit })),
        ),
      ([first]) => first?.isShort ?? false,
    );
    const { page: all, dropped } = await this.messages.completed(present(rows));
    const page = readAtOnce(all);
    const shown = page.filter(({ ref }) => !dropped.has(ref));
    return {
      position: headOf(rows),
      rows: this.signalsOf(shown),
      through: page.at(-1)?.position ?? position,
      hasDropped: (rows[0]?.hasDropped ?? false) || shown.length < page.length,
    };
  }

  async events(userId: UserId, kind: TopicKind, sinceNs: ConsensusNs, limit: number): Promise<EventPage> {
    const statements = EVENTS[this.isStrict ? "strict" : "loose"];
    const rows = await this.withPacked(
      (place) => this.statements.run("events", statements[place][kind]({ userId, sinceNs, limit })),
      (_, packedNs) => packedNs > sinceNs,
    );
    const { page: all, dropped } = await this.messages.completed(
      present(rows).slice(0, limit),
      (row, { signature, consensusNs: ns }) => ({
        ...row,
        signature: signature && signatureState.code(signature),
        messageNs: ns,
      }),
    );
    const page = readAtOnce(all);
    const last = page.at(-1);
    return {
      rows: this.rowReader.rows(
        "topic_log",
        page.filter(({ ref }) => !dropped.has(ref)),
        toEvent,
      ),
      throughNs: last === undefined ? null : consensusNs(last.consensusNs),
      droppedNs: droppedFrom(rows, page, dropped, sinceNs),
    };
  }

  async written(userId: UserId, sinceNs: ConsensusNs, limit: number): Promise<readonly WrittenRow[]> {
    const rows = await this.withPacked(
      (place) => this.statements.run("written", WRITTEN[place]({ userId, sinceNs, limit })),
      (_, packedNs) => packedNs >= sinceNs,
    );
    const found = present(rows);
    const packed = await this.messages.messages(found.flatMap(({ ref, whole }) => (whole === null ? [ref] : [])));
    const dropped = await this.messages.dropped(
      found.flatMap(({ ref, whole }) => (whole === null && !packed.has(ref) ? [ref] : [])),
    );
    return this.rowReader.rows(
      "topic_log",
      found.filter(({ ref }) => !dropped.has(ref)),
      (row) => toWritten(row, packed.get(row.ref)),
    );
  }

  async recognition(userId: UserId, beforeNs: ConsensusNs | null, limit: number): Promise<RecognitionRows> {
    const page = { beforeNs: beforeNs ?? MAX_CONSENSUS_NS, limit: limit + 1, ownLimit: OWN_DEFINITIONS };
    const isOfMint = ({ definitionId }: { readonly definitionId: string | null }) => definitionId === null;
    const rows = await this.withPacked(
      (place) =>
        this.statements.numbers.read(userId, (reader) =>
          this.statements.run("recognition", RECOGNITION[place]({ ...reader, ...page })),
        ),
      (found, packedNs) => isBehind(page.limit)(found.filter(isOfMint), packedNs),
    );
    const mints = rows.filter(isOfMint);
    const own = rows.flatMap(({ definitionId, ...row }) => (definitionId === null ? [] : [{ ...row, definitionId }]));
    return { ...(await this.signalPage(mints, limit)), own: this.definitionsOf(own) };
  }

  private definitionsOf(rows: readonly DefinitionAnswer[]): readonly Definition[] {
    return this.rowReader.rows("recognition_definitions", present(rows), toDefinition);
  }

  async definitions(ids: readonly string[]): Promise<readonly Definition[]> {
    if (ids.length === 0) return [];
    return this.definitionsOf(await this.statements.run("recognition", NAMED_DEFINITIONS({ ids })));
  }

  async catalogue({ trustedPayers, limit, limitOfUntrusted }: CatalogueQuery): Promise<Catalogue> {
    const trusted = trustedPayers === "*" ? null : [...trustedPayers];
    const offered = { trustedPayers: trusted, limit: limit + 1, limitOfUntrusted };
    const found = present(await this.statements.run("recognition", CATALOGUE(offered)));
    return { offered: this.definitionsOf(found.slice(0, limit)), isCut: found.length > limit };
  }

  async profiles(userIds: readonly UserId[]): Promise<readonly Profile[]> {
    if (userIds.length === 0) return [];
    const rows = await this.statements.run("profiles", PROFILES({ userIds }));
    const found = this.rowReader.rows("profiles", rows, (row) => toProfile(row.userId, row));
    return found.filter((each) => each !== null);
  }

  async proof(userId: UserId, topicId: TopicId, sequence: Sequence): Promise<ProofRow | null> {
    // A larger number would run into the topic's part of the `ref`, and name another message.
    if (sequence > MAX_SEQUENCE) return null;
    const [row] = await this.statements.run("proof", PROOF({ userId, topicId, sequence }));
    if (row === undefined) return null;
    const { isPacked, ref, ...found } = row;
    if (ref === null) return isPacked ? this.packedProof(userId, topicId, sequence) : null;
    const [before] =
      isPacked && found.previousHash === null ? await this.messages.range(topicId, sequence - 1, sequence - 1) : [];
    const previousHash = before?.runningHash ?? found.previousHash ?? (await this.droppedHash(topicId, sequence - 1));
    const entries = this.rowReader.rows("topic_log", [{ ...found, ref }], logEntry);
    return entries.map((entry) => toProof(topicId, entry, previousHash))[0] ?? null;
  }

  /** The proof of a packed message. */
  private async packedProof(userId: UserId, topicId: TopicId, sequence: Sequence): Promise<ProofRow | null> {
    const start = segmentStart(sequence);
    const found = await this.messages.range(
      topicId,
      Math.min(start, Math.max(sequence - 1, 1)),
      start + SEGMENT_LENGTH - 1,
    );
    const entry = found.find((each) => each.sequence === sequence);
    if (entry === undefined) return null;
    const { sequence: whole, consensusNs: ns } = wholeOf(entry, found);
    const asked = { userId, topicId, sequence: whole, ns };
    if ((await this.statements.run("proof", CONCERNS(asked))).length === 0) return null;
    const before = found.find((each) => each.sequence === sequence - 1);
    return toProof(topicId, entry, before?.runningHash ?? (await this.droppedHash(topicId, sequence - 1)));
  }

  /** The running hash of a message that was dropped, if it is the last one that was. */
  private async droppedHash(topicId: TopicId, sequence: number): Promise<Uint8Array | null> {
    const { through, hash } = await this.messages.droppedOf(topicId);
    return through > 0 && through === sequence ? hash : null;
  }

  async peersOf(userIds: readonly UserId[]): Promise<readonly { userId: UserId; peerId: UserId }[]> {
    if (userIds.length === 0) return [];
    return this.statements.run("peers", PEERS_OF({ userIds }));
  }

  async heads(userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, number>> {
    if (userIds.length === 0) return new Map();
    const rows = await this.statements.run("heads", HEADS({ userIds }));
    return new Map(rows.map((row) => [row.userId, row.head]));
  }
}

/** The packed message that completed the group of a part, in the same segment; otherwise the message itself. */
function wholeOf(entry: LogEntry, entries: readonly LogEntry[]): LogEntry {
  if (entry.body !== null || kindOfChunk(entry.chunk) !== "part") return entry;
  return entries.find(({ body, chunk }) => body !== null && chunk?.key === entry.chunk?.key) ?? entry;
}

const headOf = (rows: readonly { readonly head: number }[]): number => rows[0]?.head ?? 0;

/**
 * The latest time of a dropped row that belongs to the page; null if there is none. `fromNs`: the page has only rows later than this
 * time; 0 for a page that reaches back to the user's oldest row.
 */
function droppedFrom(
  rows: readonly { readonly droppedNs: bigint }[],
  page: readonly { readonly ref: bigint; readonly consensusNs: bigint }[],
  dropped: ReadonlySet<bigint>,
  fromNs: bigint,
): ConsensusNs | null {
  const before = rows[0]?.droppedNs ?? 0n;
  const left = page.flatMap(({ ref, consensusNs: ns }) => (dropped.has(ref) ? [ns] : []));
  const times = [...left, ...(before > fromNs ? [before] : [])].sort((a, b) => (a < b ? 1 : -1));
  const [latest] = times;
  return latest === undefined ? null : consensusNs(latest);
}

/** Whether a page of the newest rows may also have to include packed rows. */
const isBehind =
  (limit: number) =>
  (rows: readonly Pick<SignalAnswer, "ref" | "found" | "consensusNs">[], packedNs: bigint): boolean => {
    const last = present(rows).at(-1);
    return last === undefined || (rows[0]?.found ?? 0) < limit || last.consensusNs <= packedNs;
  };
