import "server-only";
/** The public address of this deployment, for links that must be absolute, such as pictures of shared pages. */
import { type EnvSource, givenValue } from "./env-source";
import { list } from "./env-values";

/**
 * The first name of APP_DOMAIN, such as `https://trustmesh.example`, or production's name on Vercel. Null if neither is known.
 */
export function publicOrigin(source: EnvSource): string | null {
  const [name] = list(givenValue(source, "APP_DOMAIN") || source.VERCEL_PROJECT_PRODUCTION_URL || "");
  return name === undefined ? null : `https://${name.toLowerCase()}`;
}
