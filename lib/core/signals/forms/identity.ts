/** Messages that bind a decentralised identity (a DID) to an account, as HCS-22 writes them. */
import { parseAccountId } from "../../ledger/ids";
import { err, ok, type Result } from "../../result";
import type { Identity, UndecodableReason } from "../signal";
import { type Body, firstOf, type Path } from "./fields";
import { msOfIso } from "./time";

const DID = /^did:[a-z0-9]+:[a-z0-9._:%-]{1,200}$/;

/** The member that names the account, by type. Null if the type has none. */
const ACCOUNTS: Readonly<Record<string, readonly Path[] | null>> = {
  IDENTITY_BIND: ["hedera_account_id"],
  IDENTITY_ASSERT: ["hedera_account_id"],
  IDENTITY_ROTATE: ["to_hedera_id"],
  IDENTITY_UNBIND: null,
};

/** Whether messages of this type bind an identity to an account, or unbind it. */
export const isIdentity = (type: string): boolean => Object.hasOwn(ACCOUNTS, type);

/** The binding in an identity message. An error if its DID or its account cannot be read. */
export function identityIn(type: string, { places }: Body): Result<Identity, UndecodableReason> {
  const sub = firstOf(places, ["sub"]);
  if (sub === null) return err("no-actor");
  const did = typeof sub === "string" ? sub.toLowerCase() : "";
  if (!DID.test(did)) return err("bad-id");
  const paths = ACCOUNTS[type] ?? null;
  const told = paths === null ? null : firstOf(places, paths);
  if (paths !== null && told === null) return err("no-target");
  const accountId = typeof told === "string" ? parseAccountId(told) : null;
  if (told !== null && accountId === null) return err("bad-id");
  return ok({ sub: did, accountId, issuedMs: msOf(firstOf(places, ["iat"])) });
}

/** Reads a time: ISO 8601 text, or a number of seconds. */
function msOf(iat: unknown): number | null {
  const ms = typeof iat === "number" ? iat * 1_000 : typeof iat === "string" ? msOfIso(iat) : null;
  return ms !== null && Number.isSafeInteger(ms) && ms >= 0 ? ms : null;
}
