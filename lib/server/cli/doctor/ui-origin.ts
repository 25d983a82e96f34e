import "server-only";
import { reasonUnreachable } from "../../../core/health/unreachable";
import type { Env } from "../../config/env";
import { API_TITLE } from "../../openapi/document";
import { type DoctorFinding, fine, wrong } from "./finding";

/** As long as a page may take. */
const ANSWER_MS = 10_000;
const WHAT = "web UI";

/** Checks that UI_ORIGIN answers, and that it is not a server like this one. Yields nothing without UI_ORIGIN. */
export async function* examineUi({ UI_ORIGIN: origin }: Pick<Env, "UI_ORIGIN">): AsyncGenerator<DoctorFinding> {
  if (origin === null) return;
  const ask = (path: string) => fetch(origin + path, { redirect: "manual", signal: AbortSignal.timeout(ANSWER_MS) });
  try {
    if (await isOurs(await ask("/api/openapi.json"))) {
      const mend = "Set it to the address of the web UI's own deployment.";
      yield wrong(WHAT, `UI_ORIGIN leads to a server of this app, so requests would go in a circle. ${mend}`);
      return;
    }
    const { status } = await ask("/");
    yield status < 500
      ? fine(WHAT, `${origin} answers.`)
      : wrong(WHAT, `${origin} answers with ${status}. Look at the log of the web UI's own deployment.`);
  } catch (cause) {
    const reason = reasonUnreachable(cause) ?? "no reason given";
    yield wrong(WHAT, `${origin} cannot be reached: ${reason}. Check UI_ORIGIN, and that the web UI runs.`);
  }
}

async function isOurs(response: Response): Promise<boolean> {
  const document: unknown = response.ok ? await response.json().catch(() => null) : null;
  return (document as { info?: { title?: unknown } } | null)?.info?.title === API_TITLE;
}
