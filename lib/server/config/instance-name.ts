import "server-only";
/**
 * Makes the name by which operators know an instance. It comes from the host and from the platform's variables, never from
 * secrets.
 */
import type { InstancePlace } from "../../wire/operators/instance-report";
import type { EnvSource } from "./env-source";

const MAX_CHARACTERS = 80;

/** Variables that platforms set: Vercel, Fly, Railway, Render, Cloud Run and AWS. The first that is set counts. */
const REGIONS = ["VERCEL_REGION", "FLY_REGION", "RAILWAY_REPLICA_REGION", "AWS_REGION"];
const DEPLOYMENTS = ["VERCEL_DEPLOYMENT_ID", "RAILWAY_DEPLOYMENT_ID", "K_REVISION"];
const MACHINES = ["FLY_MACHINE_ID", "RAILWAY_REPLICA_ID", "RENDER_INSTANCE_ID"];

/** Host names of functions are meaningless, and functions listen on no port. */
const isFunction = (source: EnvSource) => source.VERCEL !== undefined || source.AWS_LAMBDA_FUNCTION_NAME !== undefined;

/** Where an instance runs, for operators. `port` 0: it listens on none. */
export function instancePlace(source: EnvSource, hostname: string, port: number): InstancePlace {
  const first = (names: readonly string[]) => {
    const value = names.map((name) => source[name]?.trim()).find((each) => each !== undefined && each !== "");
    return value === undefined ? null : value.slice(0, MAX_CHARACTERS);
  };
  const host = `${hostname.slice(0, MAX_CHARACTERS)}${port === 0 ? "" : `:${port}`}`;
  return {
    host: first(MACHINES) ?? (isFunction(source) ? "function" : host),
    region: first(REGIONS),
    deployment: first(DEPLOYMENTS),
  };
}
