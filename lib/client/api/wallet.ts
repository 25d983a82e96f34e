/**
 * Sign-in through a wallet. The connector is a separate file (scripts/build/wallet-connector) that is fetched on demand, so
 * neither the pages' code nor the installation contains its packages.
 */
import type { SessionAnswer } from "@/lib/wire/sign-in/session";
import { WALLET_CONNECTOR_PATH, WRONG_NETWORK } from "@/lib/wire/sign-in/wallet";
import { ApiError } from "./http";

export type WalletSettings = NonNullable<SessionAnswer["wallet"]>;

/** A pairing code of WalletConnect, as a link and as a picture. */
export interface WalletPairing {
  /** `wc:…`, which wallets open or scan. */
  readonly uri: string;
  /** The same as a QR code, of type image/svg+xml. */
  readonly svg: string;
}

interface ConnectedWallet {
  /** The account that the wallet has shared, like `0.0.5005`. */
  readonly accountId: string;
  /** The answer to a message (HIP-820): base64 of a protobuf SignatureMap. */
  sign(message: string): Promise<string>;
  /** Ends the session with the wallet, also on the wallet's side. */
  leave(): Promise<void>;
}

export interface WalletConnector {
  /** Calls `show` with a pairing code, and resolves with the wallet that pairs. Rejects after five minutes without one. */
  connect(settings: WalletSettings, show: (pairing: WalletPairing) => void): Promise<ConnectedWallet>;
}

/** Loads the connector. Rejects with an `ApiError` and a sentence if this build has no connector. */
export async function loadConnector(): Promise<WalletConnector> {
  try {
    const path = WALLET_CONNECTOR_PATH;
    return (await import(/* turbopackIgnore: true */ path)) as WalletConnector;
  } catch {
    const detail = "The wallet connector could not be loaded. Sign the message by hand instead.";
    throw new ApiError(0, "no-connector", detail);
  }
}

/**
 * Turns a connector's failure into a sentence. A wallet that refuses answers 4001 (EIP-1193) or 5000 to 5003 (WalletConnect).
 */
export function walletRefusal(error: unknown): Error {
  if (error instanceof ApiError) return error;
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  const text = String(message ?? error);
  if (code === 4001 || (typeof code === "number" && code >= 5_000 && code <= 5_003))
    return new ApiError(0, "wallet-refused", "The wallet refused. Connect it again to sign in.");
  if (code === WRONG_NETWORK)
    return new ApiError(
      0,
      "wallet-network",
      "The wallet has no account on this network. Switch its network and connect it again.",
    );
  if (/expired/i.test(text)) return new ApiError(0, "wallet-expired", "No wallet answered in time. Connect one again.");
  return new ApiError(0, "wallet-failed", "The wallet network cannot be reached. Try again, or sign by hand instead.");
}
