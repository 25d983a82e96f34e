/** The mirror's JSON of blocks and accounts, checked as it comes in. Messages are in read-message.ts. */
import { z } from "zod";
import { type ConsensusNs, consensusNs, parseConsensusTime } from "../../core/ledger/consensus-time";
import { parseAccountId } from "../../core/ledger/ids";
import { parseEvmAddress } from "../../core/ledger/magic-token";
import type { AccountKey, LedgerAccount } from "../../ports/ledger/ledger";

const Timestamp = z.string().transform((text, context): ConsensusNs => {
  const ns = parseConsensusTime(text);
  if (ns !== null) return ns;
  context.addIssue("not a consensus timestamp");
  return z.NEVER;
});
const entity = <T>(parse: (text: string) => T | null) =>
  z.string().transform((text, context): T => {
    const id = parse(text);
    if (id !== null) return id;
    context.addIssue("not an entity id");
    return z.NEVER;
  });
/** Idle local networks have no blocks yet, or a newest block that has begun and not ended. */
export const BlocksJson = z.object({
  blocks: z.array(z.object({ timestamp: z.object({ from: Timestamp.nullish(), to: Timestamp.nullish() }).nullish() })),
});

/** The time through which the mirror has everything: the end of its latest block, or the last moment before an unfinished one. */
export function throughOf({ blocks: [newest] }: z.infer<typeof BlocksJson>): ConsensusNs | null {
  const { from, to } = newest?.timestamp ?? {};
  if (to) return to;
  return from && from > 0n ? consensusNs(from - 1n) : null;
}

const KeyJson = z.object({ _type: z.string(), key: z.string() });

/** An account as a mirror tells of it. */
export interface MirrorAccount {
  readonly account: LedgerAccount;
  /** Null if the mirror does not know when the account was made. */
  readonly createdNs: ConsensusNs | null;
}

export const AccountJson = z
  .object({
    account: entity(parseAccountId),
    created_timestamp: Timestamp.nullish().catch(null),
    deleted: z.boolean().nullish(),
    evm_address: z.string().nullish(),
    key: KeyJson.nullish(),
  })
  .transform(
    (json): MirrorAccount => ({
      account: {
        accountId: json.account,
        evmAddress: parseEvmAddress(json.evm_address ?? ""),
        isDeleted: json.deleted ?? false,
        key: json.key ? keyOf(json.key) : { kind: "none" },
      },
      createdNs: json.created_timestamp ?? null,
    }),
  );

/** One plain key of the length of its kind (docs/hedera.md §1), or a key for which one wallet cannot sign. */
function keyOf({ _type, key }: z.infer<typeof KeyJson>): AccountKey {
  const isHex = (pattern: RegExp) => pattern.test(key);
  const bytes = () => new Uint8Array(Buffer.from(key, "hex"));
  if (_type === "ED25519" && isHex(/^[0-9a-f]{64}$/i)) return { kind: "ed25519", bytes: bytes() };
  if (_type === "ECDSA_SECP256K1" && isHex(/^0[23][0-9a-f]{64}$/i)) return { kind: "ecdsa-secp256k1", bytes: bytes() };
  return { kind: "many" };
}
