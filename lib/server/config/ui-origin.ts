import "server-only";
/** The deployment whose pages are served on this origin. The proxy asks for every page, so this reads no other variable. */
import { err, ok, type Result } from "../../core/result";
import { type EnvSource, givenValue } from "./env-source";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** An origin such as `https://ui.example`. The error completes "UI_ORIGIN …" and holds nothing of the value. */
export function parseUiOrigin(text: string): Result<string, string> {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return err("must be an origin like https://ui.example");
  const { protocol, hostname, username, password, pathname, search, hash, origin } = new URL(text);
  if (username !== "" || password !== "") return err("must hold no user and no password");
  if (pathname !== "/" || search !== "" || hash !== "")
    return err("must end after the host: leave out the path, the query and the fragment");
  if (protocol === "http:" && !LOOPBACK.test(hostname))
    return err(
      "must start with https://, because sessions would be sent unencrypted; http:// is for this machine only",
    );
  return ok(origin);
}

/** The origin that UI_ORIGIN names. Null if it is not set, or is refused (readEnv then says why). */
export function uiOrigin(source: EnvSource): string | null {
  const parsed = parseUiOrigin(givenValue(source, "UI_ORIGIN") ?? "");
  return parsed.ok ? parsed.value : null;
}
