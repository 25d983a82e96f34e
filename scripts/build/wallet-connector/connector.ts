/** The page's side of WalletConnect on Hedera. Its session may ask for one thing: to sign a message (HIP-820). */
import { type Session, SignClient } from "@walletconnect/sign-client";
import { renderSVG } from "uqr";
import type { WalletConnector } from "../../../lib/client/api/wallet";
import { WALLETCONNECT_RELAY, WRONG_NETWORK } from "../../../lib/wire/sign-in/wallet";

const METHOD = "hedera_signMessage";
/** Waiting time for the relay. The library itself would try for minutes. */
const RELAY_MS = 15_000;

export const connect: WalletConnector["connect"] = async ({ projectId, relayUrl, chainId }, show) => {
  const { origin } = window.location;
  const client = await SignClient.init({
    projectId,
    relayUrl,
    telemetryEnabled: false,
    metadata: { name: "TrustMesh", description: "Signing in to TrustMesh", url: origin, icons: [`${origin}/icon.svg`] },
  });
  // The site that attests our name to wallets works with the wallet network's own relay only.
  if (relayUrl !== WALLETCONNECT_RELAY) client.core.verify.register = async () => undefined;
  const namespace = { chains: [chainId], methods: [METHOD], events: [] };
  const { uri = "", approval } = await within(RELAY_MS, client.connect({ optionalNamespaces: { hedera: namespace } }));
  show({ uri, svg: renderSVG(uri, { border: 2, ecc: "L" }) });
  const session = await approval();
  // 6000 means that the side that asked for the session ends it (WalletConnect's codes).
  const leave = () => client.disconnect({ topic: session.topic, reason: { code: 6_000, message: "Done" } });
  const account = accountOf(session, chainId);
  if (account === undefined) {
    await leave();
    throw Object.assign(new Error("no account of this network"), { code: WRONG_NETWORK });
  }
  return {
    accountId: account.slice(chainId.length + 1),
    async sign(message) {
      const params = { signerAccountId: account, message };
      const answer = await client.request({ topic: session.topic, chainId, request: { method: METHOD, params } });
      return (answer as { signatureMap: string }).signatureMap;
    },
    leave,
  };
};

/** Parses `hedera:<network>:<account>` and returns the first account on the requested network. */
const accountOf = ({ namespaces }: Session, chainId: string): string | undefined =>
  namespaces.hedera?.accounts.find((each) => each.startsWith(`${chainId}:`));

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the relay does not answer")), ms);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
