import "server-only";
import { publicKeysOf, reachNode } from "../../../adapters/hedera/operator-check";
import type { AccountId } from "../../../core/ledger/ids";
import type { Ledger } from "../../../ports/ledger/ledger";
import type { Env } from "../../config/env";
import { type DoctorFinding, fine, wrong } from "./finding";

const KEY = "HEDERA_OPERATOR_KEY";

/** Checks that the account's own key will sign what is submitted, and that a consensus node can be reached. */
export async function* examineOperator(env: Env, ledger: Pick<Ledger, "account">): AsyncGenerator<DoctorFinding> {
  const { HEDERA_OPERATOR_ID: operatorId, HEDERA_OPERATOR_KEY: operatorKey } = env;
  if (operatorId === undefined || operatorKey === undefined) {
    yield fine("operator", "There is no operator key: the app will only read.");
    return;
  }
  yield await keyFinding(operatorId, operatorKey, ledger);
  yield await nodeFinding(env);
}

async function keyFinding(
  operatorId: AccountId,
  operatorKey: string,
  ledger: Pick<Ledger, "account">,
): Promise<DoctorFinding> {
  const keys = await publicKeysOf(operatorKey);
  if (keys === null)
    return wrong("operator", `${KEY} is not a private key. Copy it again from the account's wallet, as DER or hex.`);
  const account = await ledger.account(operatorId);
  if (!account.ok && account.error.code === "not-found")
    return wrong("operator", `There is no account ${operatorId} on this network. Check HEDERA_OPERATOR_ID.`);
  if (!account.ok)
    return wrong(
      "operator",
      `Account ${operatorId} cannot be looked up: ${account.error.message}. Fix the mirror first.`,
    );
  const { isDeleted, key } = account.value;
  if (isDeleted) return wrong("operator", `Account ${operatorId} is deleted. Set HEDERA_OPERATOR_ID to another.`);
  if (key.kind === "many" || key.kind === "none")
    return wrong("operator", `Account ${operatorId} is not controlled by one key. Use an account with a single key.`);
  const isSame = (bytes: Uint8Array | null) => bytes !== null && Buffer.compare(bytes, key.bytes) === 0;
  if (isSame(keys.used)) return fine("operator", `${operatorId} pays for messages, and ${KEY} is its key.`);
  if (isSame(keys.otherwise))
    return wrong("operator", `${KEY} was read as another type of key than ${operatorId} has. Give it in DER form.`);
  return wrong(
    "operator",
    `${KEY} is not the key of ${operatorId}: every write would be refused. Set a key and an account that belong together.`,
  );
}

async function nodeFinding({ HEDERA_NETWORK: network, HEDERA_NODE: node }: Env): Promise<DoctorFinding> {
  const reached = await reachNode(node === undefined ? { network } : { node });
  if (reached.ok) return fine("node", `A consensus node takes connections (${reached.value}).`);
  const mend = node === undefined ? "Let this machine reach port 50211 of Hedera's nodes." : "Check HEDERA_NODE.";
  return wrong("node", `No consensus node could be reached: ${reached.error}. Writes would fail. ${mend}`);
}
