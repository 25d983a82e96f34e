/**
 * DEVELOPMENT ONLY. Every key here is derived from a published phrase, so anybody can compute it. They sign for accounts
 * that exist on the local devnet and nowhere else; never give one of them to an account on a public network.
 */
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import type { AccountId } from "@/lib/core/ledger/ids";

/** A key that everybody knows. It protects nothing. */
export interface DevelopmentKey {
  /** PKCS #8 in DER as hex: what the SDK's `PrivateKey.fromStringDer` takes. */
  readonly privateDer: string;
  /** The 32 bytes of the ED25519 public key. */
  readonly publicRaw: Uint8Array;
}

const PKCS8_ED25519 = "302e020100300506032b657004220420";
const SPKI_ED25519_BYTES = 12;

/** The development key of that name: the same on every machine, for ever. */
export function developmentKey(name: string): DevelopmentKey {
  const seed = createHash("sha256").update(`trustmesh devnet, development only, not a secret: ${name}`).digest("hex");
  const privateDer = PKCS8_ED25519 + seed;
  const privateKey = createPrivateKey({ key: Buffer.from(privateDer, "hex"), format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return { privateDer, publicRaw: spki.subarray(SPKI_ED25519_BYTES) };
}

/** Pays for nearly everything on the devnet, as TrustMesh's own operator does on a public network. */
export const OPERATOR_ID = "0.0.2" as AccountId;

/** The one consensus node. */
export const NODE_ID = "0.0.3" as AccountId;

/** The operator's private key, DER hex. DEVELOPMENT ONLY: see the head of this file. */
export const DEVELOPMENT_ONLY_OPERATOR_KEY = developmentKey("operator").privateDer;
