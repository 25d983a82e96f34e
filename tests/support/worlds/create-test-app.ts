/** The one way to wire an app in a test: over opened stores, and a devnet or topics of the test's own. */
import type { Devnet } from "@/lib/devnet/devnet";
import type { App, NetworkParts, Parts } from "@/lib/server/boot/app";
import { createApp } from "@/lib/server/boot/container";
import { type Env, readEnv } from "@/lib/server/config/env";
import { registeredTopics } from "@/lib/server/config/network";
import { DevnetSubmitter } from "../mirrors/devnet-submitter";
import { quietLog } from "../quiet-log";

const SECRET = "a secret of the tests that is long enough to be one";

/** Topics, mirror, payers and submitter of a devnet, which goes on when the app closes. */
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
  /** Settings beside a session secret. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the network is not given whole. */
  readonly devnet?: Devnet;
  readonly network?: Partial<NetworkParts>;
}

/**
 * An app over `stores`. What `network` leaves out is the devnet's; without a devnet it must be whole.
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
