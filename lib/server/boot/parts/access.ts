import "server-only";
/** Identity and limits: sessions, sign-in and rate limits. */
import { randomBytes } from "node:crypto";
import { MemoryBudgets } from "../../../adapters/memory/memory-budgets";
import type { MirrorLedger } from "../../../adapters/mirror/mirror-ledger";
import { IDENTITY_KIND } from "../../../core/ledger/ids";
import type { LiveHub } from "../../../engine/live/live-hub";
import type { RegistryCache } from "../../../engine/shards/registry-cache";
import type { SyncScheduler } from "../../../engine/sync/sync-scheduler";
import { SignOuts } from "../../../engine/writes/sign-outs";
import type { Clock } from "../../../ports/clock";
import type { Log } from "../../../ports/log";
import { AccountLookup } from "../../access/account-lookup";
import { CallerLimits } from "../../access/caller-limits";
import { Identities } from "../../access/identities";
import { MAX_COUNTED } from "../../access/limits";
import { MagicSignIn } from "../../access/magic-sign-in";
import { SESSION_MS, Sessions } from "../../access/session";
import { SignIn } from "../../access/sign-in";
import type { Env } from "../../config/env";
import type { NetworkParts, SharedTier, Stores } from "../app";
import type { Tiers } from "./tiers";

/** Sign-ins may use a quarter of the mirror budget to look up accounts. */
const SIGN_IN_SHARE = 4;

export interface Access {
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly identities: Identities;
  readonly magic: MagicSignIn;
  readonly signOuts: SignOuts;
  readonly limits: CallerLimits;
}

interface AccessParts {
  readonly env: Env;
  readonly shared: SharedTier | null;
  readonly stores: Stores;
  readonly network: NetworkParts;
  readonly scheduler: SyncScheduler;
  readonly registry: RegistryCache;
  readonly tiers: Tiers;
  readonly ledger: MirrorLedger;
  readonly hub: LiveHub;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** Builds sessions, sign-in and the limits of callers. */
export function buildAccess({
  env,
  shared,
  stores,
  network,
  tiers,
  ledger,
  hub,
  clock,
  log,
  ...rest
}: AccessParts): Access {
  const secrets = env.sessionSecrets ?? [randomBytes(32).toString("base64url")];
  const signOuts = new SignOuts({
    store: stores.accounts,
    bus: tiers.bus,
    clock,
    log,
    random: rest.random,
    sessionMs: SESSION_MS,
    onSignOut: (subject) => hub.end(subject, "signed-out"),
  });
  const sessions = new Sessions({ secrets, network: env.HEDERA_NETWORK, isSecure: !env.isDevnet, clock, signOuts });
  const limits = new CallerLimits({
    shared: shared?.hot ?? null,
    own: new MemoryBudgets(clock, MAX_COUNTED),
    clock,
    factor: env.RATE_LIMITS,
    proxyHops: env.proxyHops,
  });
  const { accounts } = stores;
  const mirrorPerSecond = Math.max(1, env.MIRROR_RPS / SIGN_IN_SHARE);
  const named = { network: env.HEDERA_NETWORK, hot: tiers.hot };
  const lookup = new AccountLookup({ ...named, ledger, mirrorPerSecond });
  const signIn = new SignIn({ ...named, secrets, domains: env.domains, clock, lookup, accounts });
  const identities = new Identities({
    topicId: network.topics.find(({ kinds }) => kinds.includes(IDENTITY_KIND))?.topicId ?? null,
    store: stores.identities,
    ...{ scheduler: rest.scheduler, registry: rest.registry, ledger },
    trustedPayers: network.trustedPayers,
    clock,
  });
  const magic = new MagicSignIn({ clientIds: env.MAGIC_CLIENT_ID, clock, lookup, identities, accounts, signOuts });
  return { sessions, signIn, identities, magic, signOuts, limits };
}
