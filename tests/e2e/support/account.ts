/** The wallet of one of the devnet's people who have a Hedera account: its keys are published (lib/devnet/development-keys). */
import { createPrivateKey, sign } from "node:crypto";
import { proto } from "@hiero-ledger/proto";
import { developmentKey } from "@/lib/devnet/development-keys";

/** The answer of that account's wallet to a request to sign `message` (HIP-820). */
export function walletAnswer(accountId: string, message: string): string {
  const { privateDer, publicRaw } = developmentKey(accountId);
  const privateKey = createPrivateKey({ key: Buffer.from(privateDer, "hex"), format: "der", type: "pkcs8" });
  const ed25519 = sign(null, Buffer.from(`\x19Hedera Signed Message:\n${message.length}${message}`), privateKey);
  const map = proto.SignatureMap.encode({ sigPair: [{ pubKeyPrefix: publicRaw, ed25519 }] }).finish();
  return Buffer.from(map).toString("base64");
}
