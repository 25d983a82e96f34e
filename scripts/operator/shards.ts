/**
 * `npm run shards -- COMMAND`: manages topics and their users while the app runs. Every command may be interrupted, and
 * continues when it is run again. Exit status 1 if something was not done.
 */

import { reasonUnreachable } from "@/lib/core/health/unreachable";
import {
  parseTopicId,
  parseUserId,
  TOPIC_KINDS,
  type TopicId,
  type TopicKind,
  type UserId,
} from "@/lib/core/ledger/ids";
import { REGISTRY_MEMO } from "@/lib/core/shards/hcs2";
import { type Goal, MAX_SEGMENTS, type Step } from "@/lib/core/shards/reshard";
import {
  activeShards,
  parseTenantId,
  type Registry,
  SHARD_TIERS,
  type ShardGroup,
  type ShardTier,
  shardName,
} from "@/lib/core/shards/shards";
import type { ReshardOutcome } from "@/lib/engine/shards/reshard";
import { type CommandAction, recordCommand } from "@/lib/server/admin/record-command";
import { drainGoals, groupOf, shardStatuses } from "@/lib/server/admin/shard-goals";
import { type OperatorTools, openOperator } from "@/lib/server/cli/operator";
import { type Env, readEnv } from "@/lib/server/config/env";
import type { DrainBody, ShardStatus, ShardsAnswer, SplitBody } from "@/lib/wire/operators/shards";
import { command, numberOf, Refusal, UsageError } from "../command";
import { environment } from "../environment";

const USAGE = `npm run shards -- COMMAND
  --help                                      prints this help
  status                                      shows which users each topic serves
  plan                                        shows what SHARDS asks for and does not exist yet
  create                                      creates what SHARDS asks for
  split --kind KIND --to N [--tier TIER] [--owner TENANT|USER]
                                              gives a group of users N segments; KIND is one of ${TOPIC_KINDS.join(", ")}, or all
  drain TOPIC                                 stops writes to a topic; run it again later to finish the drain
  tenant add ID NAME                          adds a tenant
  tenant rename ID NAME                       changes a tenant's name
  assign TENANT|none USER…                    assigns users to a tenant, or to none
  publish [--new]                             publishes the registry to REGISTRY_TOPIC; --new creates that topic
With --app URL, the running app does split, drain and status. The app prints its URL when it starts. Set ADMIN_TOKEN.`;

const OPTIONS = {
  app: { type: "string" },
  kind: { type: "string" },
  to: { type: "string" },
  tier: { type: "string" },
  owner: { type: "string" },
  new: { type: "boolean" },
} as const;

/** Four topics cost about four cents (lib/core/capacity/prices.ts). The cost of a plan is printed before it is paid. */
const TOPIC_DOLLARS = 0.01;

const STEPS: Readonly<Partial<Record<Step["name"], string>>> = {
  plan: "planning the new segments",
  create: "creating a topic",
  switch: "routing new messages to the new segments from now on",
  look: "checking that the topic is quiet",
};

const say = (line: string) => console.log(line);

/** Repeats a wrong value, so that the operator sees which one it was. */
const notThis = (given: string | undefined) => (given === undefined ? "." : `, not "${given}".`);

const oneOf = (choices: readonly string[], given: string | undefined) =>
  `one of ${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}${notThis(given)}`;

function kindsOf(text: string | undefined): readonly TopicKind[] {
  if (text === "all") return TOPIC_KINDS;
  const kind = TOPIC_KINDS.find((each) => each === text);
  if (kind === undefined) throw new UsageError(`--kind must be ${oneOf([...TOPIC_KINDS, "all"], text)}`);
  return [kind];
}

function tierOf(text = "standard"): ShardTier {
  const tier = SHARD_TIERS.find((each) => each === text);
  if (tier === undefined) throw new UsageError(`--tier must be ${oneOf(SHARD_TIERS, text)}`);
  return tier;
}

function topicOf(text: string | undefined): TopicId {
  const topicId = parseTopicId(text ?? "");
  if (topicId === null) throw new UsageError(`drain needs a topic id like 0.0.7148063${notThis(text)}`);
  return topicId;
}

/** Carries out goals one after the other, prints the progress, and records it in the operator log. */
async function carryOut({ shards, admin }: OperatorTools, prefix: string, goals: readonly Goal[], topicId?: TopicId) {
  for (const goal of goals) {
    const of = goal.name === "grow" ? { ...goal.group, segment: 0 } : goal.shard;
    const name = shardName(prefix, of).replace(/-0$/, goal.name === "grow" ? "" : "-0");
    say(`${name}:`);
    await recordCommand(admin, actionOf(goal, topicId ?? name), async () => {
      const outcome = await shards.run(goal, (step) => {
        if (STEPS[step.name]) say(`  ${STEPS[step.name]}`);
      });
      say(`  ${outcomeText(outcome)}`);
      if (outcome.kind === "done") return null;
      if (outcome.kind === "waiting") return { waitingUntilMs: outcome.untilMs, reason: outcome.reason };
      process.exitCode = 1;
      return { error: outcome.reason };
    });
  }
}

/** The same names as on the operators' page (lib/client/admin/shard-groups). */
function actionOf(goal: Goal, drained: string): CommandAction {
  if (goal.name !== "grow") return { action: "shards.drain", target: drained };
  const { tier, kind, owner } = goal.group;
  return { action: "shards.split", target: [tier, kind, ...(owner === null ? [] : [owner]), goal.to].join(" ") };
}

function outcomeText(outcome: ReshardOutcome): string {
  if (outcome.kind === "done") return "done";
  if (outcome.kind === "failed") return `not done: ${outcome.reason}`;
  return `run this again after ${new Date(outcome.untilMs).toISOString()}: ${outcome.reason}`;
}

const standardOf = (kind: TopicKind): ShardGroup => ({ tier: "standard", kind, owner: null });

function plan(registry: Registry, env: Env): void {
  let topics = 0;
  for (const kind of TOPIC_KINDS) {
    const [before, after] = [activeShards(registry, standardOf(kind)).length, env.SHARDS[kind]];
    const moved = after > before ? `, moves ${Math.round(((after - before) / after) * 100)} % of the users` : "";
    say(`  ${kind.padEnd(12)} ${before} segments, SHARDS asks for ${after}${moved}`);
    topics += Math.max(0, after - before);
  }
  say(`${topics} topics to create, about $${(topics * TOPIC_DOLLARS).toFixed(2)}.`);
}

function table({ version, shards, tenants }: ShardsAnswer): void {
  say(`Registry version ${version}, ${shards.length} shards, ${tenants.length} tenants.`);
  for (const shard of shards) {
    const since = shard.drainedAt ?? shard.drainsFrom ?? shard.routesFrom;
    say(`  ${shard.name.padEnd(44)} ${shard.state.padEnd(9)} ${(shard.topicId ?? "").padEnd(14)} ${dateOf(since)}`);
  }
  for (const { tenantId, name, users } of tenants) say(`  tenant ${tenantId} (${name}): ${users} users`);
}

const dateOf = (instant: ShardStatus["routesFrom"]) =>
  instant === null ? "" : new Date(Number(instant) * 1_000).toISOString();

async function ask<T>(app: string, method: "GET" | "POST", path: string, body?: SplitBody | DrainBody): Promise<T> {
  const token = environment().ADMIN_TOKEN;
  const options = {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  if (!URL.canParse(path, app))
    throw new UsageError(`--app ${app} is not an address. An address looks like http://127.0.0.1:3000.`);
  const response = await fetch(new URL(path, app), options).catch((cause: unknown) => {
    const reason = reasonUnreachable(cause) ?? "it could not be asked";
    throw new Refusal(
      `The app at ${app} does not answer: ${reason}. Start it, or pass --app with the address that it prints when it starts.`,
    );
  });
  const answer = (await response.json().catch(() => ({}))) as { detail?: string; code?: string };
  if (answer.code === "no-session")
    throw new Refusal(`The app at ${app} answers operators only. Set ADMIN_TOKEN, here and for the app, to one value.`);
  if (!response.ok)
    throw new Refusal(answer.detail ?? `The server at ${app} is not this app (it answers ${response.status}).`);
  return answer as T;
}

interface Values {
  readonly kind?: string | undefined;
  readonly to?: string | undefined;
  readonly tier?: string | undefined;
  readonly owner?: string | undefined;
  readonly new?: boolean | undefined;
}

function segmentsOf({ to }: Values): number {
  if (to === undefined) throw new UsageError("Say the new number of segments with --to.");
  return numberOf("to", to, 0, { least: 1, most: MAX_SEGMENTS, isWhole: true });
}

/** Sends a command to the running app, which continues after its answer. `status` shows its progress. */
async function throughApp(app: string, name: string, rest: readonly string[], values: Values): Promise<void> {
  if (name === "status") return table(await ask<ShardsAnswer>(app, "GET", "/api/admin/shards"));
  if (name === "drain") await ask(app, "POST", "/api/admin/shards/drain", { topicId: topicOf(rest[0]) });
  else if (name === "split")
    for (const kind of kindsOf(values.kind)) {
      const body = { kind, to: segmentsOf(values), tier: tierOf(values.tier), owner: values.owner ?? null };
      await ask(app, "POST", "/api/admin/shards/split", body);
    }
  else throw new UsageError(`${name} does not go through the app. Leave --app out.`);
  say("The app has started. status shows the progress; the operator log shows the result.");
}

type Work = (tools: OperatorTools, env: Env, now: Registry) => Promise<void> | void;

/** Checks the arguments of a command, and returns its work, for which the database must be open. Throws if they are wrong. */
function workOf(name: string, rest: readonly string[], values: Values): Work {
  switch (name) {
    case "status":
      return async ({ shards, registry }, env, now) =>
        table({
          version: now.version,
          canCreate: shards.canCreate,
          shards: [...shardStatuses(env.TOPIC_PREFIX, now)],
          tenants: [...(await registry.tenants())],
        });
    case "plan":
      return (_, env, now) => plan(now, env);
    case "create":
      return create;
    case "split": {
      const goals = kindsOf(values.kind).map((kind): Goal => {
        const group = groupOf(tierOf(values.tier), kind, values.owner ?? null);
        if (typeof group === "string") throw new Refusal(group);
        return { name: "grow", group, to: segmentsOf(values) };
      });
      return (tools, env) => carryOut(tools, env.TOPIC_PREFIX, goals);
    }
    case "drain": {
      const topicId = topicOf(rest[0]);
      return (tools, env, now) => {
        const goals = drainGoals(now, topicId);
        if (goals.length === 0)
          throw new Refusal(`Topic ${topicId} is not in use. npm run shards -- status lists the topics that are.`);
        return carryOut(tools, env.TOPIC_PREFIX, goals, topicId);
      };
    }
    case "tenant":
      return putTenant(rest);
    case "assign":
      return assign(rest);
    default:
      return (tools, env) => publish(tools, env, values.new ?? false);
  }
}

async function directly(work: Work): Promise<void> {
  const env = readEnv(environment());
  const quiet = { info: () => {}, warn: say, error: say };
  const tools = await openOperator(env, quiet);
  try {
    await work(tools, env, await tools.registry.load());
  } finally {
    await tools.close();
  }
}

async function create(tools: OperatorTools, env: Env, now: Registry): Promise<void> {
  const goals = TOPIC_KINDS.map((kind): Goal => ({ name: "grow", group: standardOf(kind), to: env.SHARDS[kind] }));
  const isAsked = (goal: Goal) => goal.name === "grow" && goal.to > activeShards(now, goal.group).length;
  const missing = goals.filter(isAsked);
  if (missing.length === 0) say("All topics that SHARDS asks for exist.");
  await carryOut(tools, env.TOPIC_PREFIX, missing);
}

function putTenant([verb = "", id = "", ...words]: readonly string[]): Work {
  const tenantId = parseTenantId(id);
  if ((verb !== "add" && verb !== "rename") || tenantId === null || words.length === 0)
    throw new UsageError("tenant needs add or rename, an id of lower-case letters, digits and hyphens, and a name.");
  const name = words.join(" ");
  return async ({ registry, admin }) => {
    await recordCommand(admin, { action: "shards.tenant", target: tenantId }, async () => {
      const isAdding = verb === "add";
      const isDone = await (isAdding ? registry.addTenant(tenantId, name) : registry.renameTenant(tenantId, name));
      if (isDone) return { name };
      throw new Refusal(
        isAdding
          ? `Tenant ${tenantId} exists already. Use tenant rename to change its name.`
          : `Tenant ${tenantId} does not exist. Check the id, or add it with tenant add.`,
      );
    });
    say(
      `${tenantId} is a tenant, named ${name}. Topics of its own: split --tier enterprise --owner ${tenantId} --kind all --to 1`,
    );
  };
}

function assign([tenant = "", ...users]: readonly string[]): Work {
  const tenantId = tenant === "none" ? null : parseTenantId(tenant);
  const userIds = users.map((user) => parseUserId(user));
  if ((tenantId === null && tenant !== "none") || userIds.length === 0 || userIds.some((id) => id === null))
    throw new UsageError("assign needs a tenant (or none), and the ids of users.");
  return async ({ registry, admin }) => {
    await recordCommand(admin, { action: "shards.assign", target: tenant }, async () => {
      if (!(await registry.assign(userIds as UserId[], tenantId)))
        throw new Refusal(`Tenant ${tenant} does not exist. Check the id, or add it with tenant add.`);
      return { users: userIds };
    });
    say(
      `${userIds.length} users: ${tenantId ?? "no tenant"}. Their next messages go to its topics, within half a minute.`,
    );
  };
}

async function publish({ shards, creator, admin }: OperatorTools, env: Env, isNew: boolean): Promise<void> {
  if (isNew) {
    if (creator === null)
      throw new Refusal(
        "There is no operator key, so no topic can be created. Set HEDERA_OPERATOR_ID and HEDERA_OPERATOR_KEY.",
      );
    return recordCommand(admin, { action: "shards.publish", target: "a new topic" }, async () => {
      const created = await creator.createTopic(await creator.newAttempt(), REGISTRY_MEMO);
      if (!created.ok) throw new Refusal(created.error.message);
      say(`Created ${created.value}. Set REGISTRY_TOPIC=${created.value} for all instances, and publish again.`);
      return { topicId: created.value };
    });
  }
  const { REGISTRY_TOPIC: topicId } = env;
  if (topicId === null)
    throw new Refusal("REGISTRY_TOPIC is not set, so there is no topic to publish to. Create one with publish --new.");
  await recordCommand(admin, { action: "shards.publish", target: topicId }, async () => {
    const published = await shards.publish();
    if (!published.ok) throw new Refusal(published.error);
    say(published.value === 0 ? "Everything is already published." : `${published.value} messages published.`);
    return { messages: published.value };
  });
}

const COMMANDS = ["status", "plan", "create", "split", "drain", "tenant", "assign", "publish"];
/** The largest number of users in one `assign`. */
const MAX_WORDS = 1_000;

void command({ usage: USAGE, options: OPTIONS, words: { least: 1, most: MAX_WORDS } }, async ({ values, words }) => {
  const [name = "", ...rest] = words;
  if (!COMMANDS.includes(name)) throw new UsageError(`There is no command ${name}: use one of ${COMMANDS.join(", ")}.`);
  const takes = { drain: 1, tenant: MAX_WORDS, assign: MAX_WORDS }[name] ?? 0;
  if (rest.length > takes) throw new UsageError(`There is no argument ${rest[takes]} here: leave it out.`);
  await (values.app === undefined ? directly(workOf(name, rest, values)) : throughApp(values.app, name, rest, values));
  // The SDK keeps idle connections open, so exit without waiting for them.
}).then(() => process.exit());
