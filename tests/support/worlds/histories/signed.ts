/** Profiles and recognitions as the web UI writes them, signed by a wallet. The signed texts are written again here. */
import type { Wallet } from "../../stand-ins/wallet";

type Json = Readonly<Record<string, unknown>>;
type Signer = Pick<Wallet, "signBytes">;

const hexOf = (wallet: Signer, text: string) => Buffer.from(wallet.signBytes(Buffer.from(text))).toString("hex");

/** Signs a profile as the profile page does. If `timestamp` is text, it signs a type too, as the onboarding does. */
export function signedProfile(wallet: Signer, accountId: string, members: Json & { timestamp: number | string }) {
  const { displayName = "Ana", bio = "Hi", avatar = "", timestamp, ...more } = members;
  const type = typeof timestamp === "string" ? `,"type":"PROFILE_UPDATE"` : "";
  const [id, picture, about, name, time] = [accountId, avatar, bio, displayName, timestamp].map((each) =>
    JSON.stringify(each),
  );
  const text = `{"accountId":${id},"avatar":${picture},"bio":${about},"displayName":${name},"timestamp":${time}${type}}`;
  const signed = { accountId, displayName, bio, avatar, timestamp };
  return { type: "PROFILE_UPDATE", ...signed, signature: hexOf(wallet, text), publicKey: "302a", ...more };
}

/** Signs a recognition as "Send Signal" does. */
export function signedMint(wallet: Signer, from: string, to: string, members: Json & { timestamp: number }) {
  const {
    name = "Strategic Vision",
    message = `Recognition: ${name}`,
    trustAmount = 0.5,
    timestamp,
    ...more
  } = members;
  const words = message === `Recognition: ${name}` ? `Professional recognition: ${name}` : message;
  const text =
    `{"fromAccountId":${JSON.stringify(from)},"message":${JSON.stringify(words)},"metadata":{},` +
    `"timestamp":${timestamp},"toAccountId":${JSON.stringify(to)},"trustAmount":${trustAmount}}`;
  const shown = { tokenId: "strategic-vision", name, emoji: "🔭", senderName: "Ana", message, trustAmount };
  const signed = { type: "SIGNAL_MINT", from, to, ...shown, issuer: from, timestamp };
  return { ...signed, signature: hexOf(wallet, text), publicKey: "302a", ...more };
}
