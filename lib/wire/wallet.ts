/** The constants of signing in through a wallet connector that the server, the page's policy and the browser share. */

/** The relay of WalletConnect, through which a page and a wallet exchange sealed messages. */
export const WALLETCONNECT_RELAY = "wss://relay.walletconnect.org";

/** Its site that attests a page's name to wallets, in a frame: a wallet warns of a page that only claims to be this one. */
export const WALLETCONNECT_VERIFY = "https://verify.walletconnect.org";

/** Where the connector's file stands, if the build has made it: `npm run wallet-connector`. */
export const WALLET_CONNECTOR_PATH = "/wallet-connector.js";

/** The name of a network in WalletConnect's terms (HIP-30). Wallets call a custom network a development network. */
export const walletChain = (network: string): string => `hedera:${network === "custom" ? "devnet" : network}`;

/** `code` of the connector's error where the wallet has joined without an account of the network that it was asked for. */
export const WRONG_NETWORK = "wrong-network";
