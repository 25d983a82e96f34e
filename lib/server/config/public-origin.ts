import "server-only";
/** Where the world reaches this deployment, for addresses that must be whole: pictures of shared links. */
import { type EnvSource, givenValue } from "./env-source";
import { list } from "./env-values";

/** `https://trustmesh.example`: the first name of APP_DOMAIN, or production's name on Vercel; null where neither is known. */
export function publicOrigin(source: EnvSource): string | null {
  const [name] = list(givenValue(source, "APP_DOMAIN") || source.VERCEL_PROJECT_PRODUCTION_URL || "");
  return name === undefined ? null : `https://${name.toLowerCase()}`;
}
