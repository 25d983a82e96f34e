import "server-only";
/** Identity and limits: sessions, sign-in and rate limits. */
import { randomBytes } from "node:crypto";
import { MemoryBudgets } from "../../../adapters/memory/memory-budgets";
import type { MirrorLedger } from "../../../adapters/mirror/mirror-ledger";
import type { LiveHub } from "../../../engine/live/live-hub";
import { SignOuts } from "../../../engine/writes/sign-outs";
import type { Clock } from "../../../ports/clock";
import type { Log } from "../../../ports/log";
import { AccountLookup } from "../../access/account-lookup";
import { CallerLimits } from "../../access/caller-limits";
import { MAX_COUNTED } from "../../access/limits";
import { MagicSignIn } from "../../access/magic-sign-in";
import { SESSION_MS, Sessions } from "../../access/session";
import { SignIn } from "../../access/sign-in";
import type { Env } from "../../config/env";
import type { SharedTier, Stores } from "../app";
import type { Tiers } from "./tiers";

/** Sign-ins may use a quarter of the mirror budget to look up accounts. */
const SIGN_IN_SHARE = 4;

export interface Access {
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly magic: MagicSignIn;
  readonly signOuts: SignOuts;
  readonly limits: CallerLimits;
}

interface AccessParts {
  readonly env: Env;
  readonly shared: SharedTier | null;
  readonly stores: Stores;
  readonly tiers: Tiers;
  readonly ledger: MirrorLedger;
  readonly hub: LiveHub;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

export function buildAccess({ env, shared, stores, tiers, ledger, hub, clock, log, random }: AccessParts): Access {
  const secrets = env.sessionSecrets ?? [randomBytes(32).toString("base64url")];
  const signOuts = new SignOuts({
    store: stores.accounts,
    bus: tiers.bus,
    clock,
    log,
    random,
    sessionMs: SESSION_MS,
    onSignOut: (userId) => hub.end(userId, "signed-out"),
  });
  const sessions = new Sessions({ secrets, network: env.HEDERA_NETWORK, isSecure: !env.isDevnet, clock, signOuts });
  const limits = new CallerLimits({
    shared: shared?.hot ?? null,
    own: new MemoryBudgets(clock, MAX_COUNTED),
    clock,
    factor: env.RATE_LIMITS,
    proxyHops: env.proxyHops,
  });
  const network = env.HEDERA_NETWORK;
  const { accounts } = stores;
  const mirrorPerSecond = Math.max(1, env.MIRROR_RPS / SIGN_IN_SHARE);
  const lookup = new AccountLookup({ network, hot: tiers.hot, ledger, mirrorPerSecond });
  const signIn = new SignIn({ secrets, network, domains: env.domains, clock, hot: tiers.hot, lookup, accounts });
  const magic = new MagicSignIn({ clientIds: env.MAGIC_CLIENT_ID, clock, lookup, accounts, signOuts });
  return { sessions, signIn, magic, signOuts, limits };
}
