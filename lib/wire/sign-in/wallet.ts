/** Constants of wallet sign-in that the server, the page's policy and the browser share. */

/** The relay of WalletConnect, through which a page and a wallet exchange sealed messages. */
export const WALLETCONNECT_RELAY = "wss://relay.walletconnect.org";

/**
 * WalletConnect's site that attests a page's name to wallets, in a frame. Without it, a wallet warns that another site may
 * pretend to be this page.
 */
export const WALLETCONNECT_VERIFY = "https://verify.walletconnect.org";

/** The path of the connector's file, if the build has made it (`npm run wallet-connector`). */
export const WALLET_CONNECTOR_PATH = "/wallet-connector.js";

/** The name of a network in WalletConnect's terms (HIP-30). Wallets call a custom network a development network. */
export const walletChain = (network: string): string => `hedera:${network === "custom" ? "devnet" : network}`;

/** The error code of the connector if the wallet joined without an account on the requested network. */
export const WRONG_NETWORK = "wrong-network";
