/** Wires an app for a test over opened stores and a devnet, or over the test's own network. */
import type { Devnet } from "@/lib/devnet/devnet";
import type { App, NetworkParts, Parts } from "@/lib/server/boot/app";
import { createApp } from "@/lib/server/boot/container";
import { type Env, readEnv } from "@/lib/server/config/env";
import { registeredTopics } from "@/lib/server/config/network";
import { DevnetSubmitter } from "../mirrors/devnet-submitter";
import { quietLog } from "../quiet-log";

const SECRET = "a secret of the tests that is long enough to be one";

/** Topics, mirror, payers and submitter of a devnet. The devnet goes on when the app closes. */
function networkOf(devnet: Devnet, { TOPIC_IDENTITY }: Env): NetworkParts {
  const { contact, trust, recognition, profile } = devnet.topics;
  return {
    mirrorUrls: [devnet.restUrl],
    topics: registeredTopics(
      { contact: [contact], trust: [trust], recognition: [recognition], profile: [profile] },
      TOPIC_IDENTITY,
    ),
    trustedPayers: new Set([devnet.operatorId]),
    submitter: new DevnetSubmitter(devnet),
    operatorId: devnet.operatorId,
    people: [],
    close: async () => {},
  };
}

export interface TestAppParts extends Pick<Parts, "stores"> {
  /** Settings besides the session secret. */
  readonly env?: Readonly<Record<string, string>>;
  /** Completes `network`. Needed unless `network` has all members. */
  readonly devnet?: Devnet;
  readonly network?: Partial<NetworkParts>;
}

/**
 * An app over `stores`. Members that `network` lacks come from the devnet.
 *
 * @example createTestApp({ devnet, stores, shared: tier, env: { MIRROR_RPS: "1000" } })
 */
export function createTestApp({
  env,
  devnet,
  network,
  log = quietLog,
  ...parts
}: TestAppParts & Partial<Omit<Parts, "env" | "network" | "stores">>): App {
  const settings = readEnv({ SESSION_SECRET: SECRET, ...env });
  return createApp({
    env: settings,
    network: { ...(devnet && networkOf(devnet, settings)), ...network } as NetworkParts,
    log,
    ...parts,
  });
}
