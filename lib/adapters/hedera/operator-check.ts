/** Checks an operator's key and the consensus nodes without sending a transaction. */
import { connect } from "node:net";
import { reasonUnreachable } from "../../core/health/unreachable";
import { err, ok, type Result } from "../../core/result";

const TIMEOUT_MS = 3_000;
/** At most this many nodes of a public network are tried. One that answers is enough. */
const NODES_TRIED = 4;

/**
 * The public key that the SDK makes of a private one (ED25519: 32 bytes, ECDSA: 33, compressed), and the one it would make if the
 * same bytes were of the other kind: hex alone does not say which. Null if the text is not a private key.
 */
export async function publicKeysOf(text: string): Promise<{ used: Uint8Array; otherwise: Uint8Array | null } | null> {
  const { PrivateKey } = await import("@hashgraph/sdk");
  try {
    const used = PrivateKey.fromString(text);
    let otherwise: Uint8Array | null = null;
    try {
      const raw = text.replace(/^0x/, "");
      otherwise = (
        used.type === "ED25519" ? PrivateKey.fromStringECDSA(raw) : PrivateKey.fromStringED25519(raw)
      ).publicKey.toBytesRaw();
    } catch {
      // DER names the kind of the key, so the bytes cannot be of the other kind.
    }
    return { used: used.publicKey.toBytesRaw(), otherwise };
  } catch {
    return null;
  }
}

/** Connects to a node, and closes the connection. Answers which node it was, or why none could be reached. */
export async function reachNode(
  where: { readonly node: string } | { readonly network: string },
): Promise<Result<string, string>> {
  const nodes = "node" in where ? [where.node] : await nodesOf(where.network);
  let reason = "their addresses are not known";
  for (const node of nodes.slice(0, NODES_TRIED)) {
    const failure = await tryNode(node);
    if (failure === null) return ok(node);
    reason = failure;
  }
  return err(reason);
}

async function nodesOf(network: string): Promise<readonly string[]> {
  const { Client } = await import("@hashgraph/sdk");
  const client = Client.forName(network);
  try {
    return Object.keys(client.network);
  } finally {
    client.close();
  }
}

function tryNode(node: string): Promise<string | null> {
  const at = node.lastIndexOf(":");
  return new Promise((resolve) => {
    const socket = connect({ host: node.slice(0, at), port: Number(node.slice(at + 1)), timeout: TIMEOUT_MS });
    const end = (failure: string | null) => {
      socket.destroy();
      resolve(failure);
    };
    socket.once("connect", () => end(null));
    socket.once("timeout", () => end(`it did not answer within ${TIMEOUT_MS / 1_000} s`));
    socket.once("error", (cause) => end(reasonUnreachable(cause) ?? "the connection failed"));
  });
}
