/**
 * The messages of an identity, in PostgreSQL. Each has a row whose user is the identity (core/ledger/ids, ownerOfIssuer), so late
 * messages, a start over and another decoder change them as they change everybody's rows.
 */
import { type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { topicLog } from "../../../drizzle/schema";
import { consensusNs } from "../../core/ledger/consensus-time";
import { type AccountId, ownerOfIssuer, type TopicId } from "../../core/ledger/ids";
import type { EvmAddress } from "../../core/ledger/magic-token";
import type { IdentityMessage } from "../../core/signals/identity-binding";
import type { IdentityStore } from "../../ports/store/identity-store";
import { TierUnavailable } from "../../ports/tier-unavailable";
import { placeFlag, verificationFlag } from "./codec/codes";
import type { PackedMessage } from "./codec/log-segment";
import { topicNoIn } from "./codec/ref";
import { payerOf } from "./codec/rows";
import { fromShorthand } from "./codec/shorthand";
import type { Statements } from "./drivers/statements";
import type { RowReader } from "./read/row-reader";
import type { StoredMessages } from "./read/stored-messages";
import { NUMBER_OF_USER, type Owner, READER, r } from "./read/views/pages";
import { allRows } from "./read/views/row-sources";
import { present, signalAt } from "./read/views/view-rows";
import { orNull } from "./sql/expressions";
import { messageOf, topicNoOf } from "./sql/references";
import { parameters, preparedTemplate, type RowOf } from "./sql/template";
import { STAMP } from "./stamp";

const l = alias(topicLog, "l");
const values = parameters<Owner & { readonly topicId: TopicId; readonly limit: number }>();

/** In the row that stands for no message `consensusNs` is null, and so are all columns after it. */
const FIELDS = {
  stamp: STAMP,
  ref: orNull(r.ref),
  consensusNs: orNull(r.consensusNs),
  flags: r.flags,
  /** Null if the message is packed, as `body` is. */
  payer: sql<AccountId | null>`(SELECT ${l.payer} FROM ${topicLog} ${l} WHERE ${l.ref} = ${r.ref})`,
  body: (messageOf(r.ref) as SQL<Uint8Array | null>).mapWith(topicLog.body),
};

const MESSAGES = preparedTemplate(
  values,
  FIELDS,
  (columns) => sql`${READER}
SELECT ${columns} FROM (SELECT 1) one LEFT JOIN LATERAL (
  ${allRows(NUMBER_OF_USER)({
    order: "newest",
    limit: sql`${values("limit")}::integer`,
    isWanted: sql`${topicNoIn(r.ref)} = ${topicNoOf(sql`${values("topicId")}::text`)}`,
  })}) ${r} ON true ORDER BY ${r.consensusNs} DESC`,
);

export class PostgresIdentityStore implements IdentityStore {
  constructor(
    private readonly statements: Statements,
    private readonly rowReader: RowReader,
    private readonly stored: StoredMessages,
  ) {}

  async messages(topicId: TopicId, issuer: EvmAddress, limit: number): Promise<readonly IdentityMessage[]> {
    const owner = { userId: ownerOfIssuer(issuer) };
    // Reads packed messages at once, because an identity has few messages, and most are old.
    const found = present(await this.statements.run("account", MESSAGES({ ...owner, topicId, limit })));
    const packed = await this.stored.messages(found.flatMap(({ ref, body }) => (body === null ? [ref] : [])));
    const messages = this.rowReader.rows("topic_log", found, (row) => messageIn(row, packed.get(row.ref)));
    // An unreadable message may be the one that ends a binding, so none may be left out.
    if (messages.length < found.length)
      throw new TierUnavailable("postgres", "a stored message of this identity cannot be read");
    return messages;
  }
}

/** Throws if the row is damaged or of a later version, or if its message is nowhere. */
function messageIn(
  { consensusNs: ns, flags, payer, body }: RowOf<typeof FIELDS>,
  packed: PackedMessage | undefined,
): IdentityMessage {
  const message = packed ?? { whole: fromShorthand(body as Uint8Array), payer: payerOf(payer as AccountId) };
  return {
    body: signalAt(message.whole, placeFlag(flags)),
    payer: message.payer,
    consensusNs: consensusNs(ns ?? 0n),
    verification: verificationFlag(flags),
  };
}
