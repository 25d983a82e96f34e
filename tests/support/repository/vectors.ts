/** The test vectors of message bodies, each with its decoded form. */
import { readFileSync } from "node:fs";

export interface VectorCase {
  readonly name: string;
  readonly message?: unknown;
  readonly messageBase64?: string;
  readonly expect: { readonly undecodable?: string } & Readonly<Record<string, unknown>>;
}

const casesOf = (file: string) =>
  (JSON.parse(readFileSync(`tests/fixtures/vectors/${file}`, "utf8")) as { cases: readonly VectorCase[] }).cases;

export const VECTORS: readonly VectorCase[] = [...casesOf("envelopes.json"), ...casesOf("envelopes-web-ui.json")];

export const bytesOf = ({ message, messageBase64 }: VectorCase): Uint8Array =>
  messageBase64 === undefined ? Buffer.from(JSON.stringify(message)) : Buffer.from(messageBase64, "base64");
