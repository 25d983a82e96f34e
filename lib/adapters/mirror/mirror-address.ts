/** The address of a mirror node as an operator writes it, taken apart so that credentials never end up in a log or a page. */
import { err, ok, type Result } from "../../core/result";

/** A configured mirror, with its secrets apart from what may be shown. */
export interface MirrorAddress {
  /** The URL that request paths are appended to: ends in `/api/v1`, holds no user, password, query or fragment. */
  readonly base: string;
  /** Scheme, host and port. Safe to show. */
  readonly origin: string;
  /** The value of the Authorization header, if the address holds a user or password. Never show it. */
  readonly authorization: string | null;
}

/** Takes an address apart. The error completes "an address that …" and holds no part of the address. */
export function parseMirrorAddress(text: string): Result<MirrorAddress, string> {
  if (!/^https?:\/\/\S+$/i.test(text) || !URL.canParse(text)) return err("does not start with http:// or https://");
  const { origin, pathname, search, hash, username, password } = new URL(text);
  if (search !== "")
    return err("has a query (?…): leave it out, since the app appends the paths and queries of the mirror's API");
  if (hash !== "") return err("has a fragment (#…): leave it out");
  const base = `${origin}${pathname.replace(/\/+$/, "").replace(/\/*\/api\/v1$/, "")}/api/v1`;
  if (username === "" && password === "") return ok({ base, origin, authorization: null });
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return ok({ base, origin, authorization: `Basic ${Buffer.from(credentials).toString("base64")}` });
  } catch {
    return err("has a user or password with a % that does not start an escape: write it as %25");
  }
}
