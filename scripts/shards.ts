/**
 * `npm run shards -- COMMAND`: topics and who writes to them, while the app runs. Every command may be interrupted, and goes on
 * where it was when it is run again. Exit status 1 where something was not done.
 */
import { parseArgs } from "node:util";
import { REGISTRY_MEMO } from "@/lib/core/hcs2";
import { parseTopicId, parseUserId, TOPIC_KINDS, type TopicId, type TopicKind, type UserId } from "@/lib/core/ids";
import type { Goal, Step } from "@/lib/core/reshard";
import {
  activeShards,
  parseTenantId,
  type Registry,
  type ShardGroup,
  shardName,
  TIERS,
  type Tier,
} from "@/lib/core/shards";
import type { ReshardOutcome } from "@/lib/engine/reshard";
import { type Env, readEnv } from "@/lib/server/env";
import { type OperatorTools, openOperator } from "@/lib/server/operator";
import { drainGoals, groupOf, shardStatuses } from "@/lib/server/shard-goals";
import type { DrainBody, ShardStatus, ShardsAnswer, SplitBody } from "@/lib/wire/shards";
import { environment } from "./environment";

const USAGE = `npm run shards -- COMMAND
  status                                      which topic serves whom
  plan                                        what SHARDS asks for that is not there yet
  create                                      brings about what SHARDS asks for
  split --kind KIND --to N [--tier TIER] [--owner TENANT|USER]
                                              gives a group of users N segments; KIND is one of ${TOPIC_KINDS.join(", ")}, or all
  drain TOPIC                                 lets nothing more be written to a topic; run again later, lets it go
  tenant ID NAME                              adds a tenant, or gives it another name
  assign TENANT|none USER…                    makes users a tenant's
  publish [--new]                             publishes the registry in REGISTRY_TOPIC; --new creates such a topic first
With --app URL the running app does split, drain and status (ADMIN_TOKEN says who asks).`;

class Refusal extends Error {}

const OPTIONS = {
  app: { type: "string" },
  kind: { type: "string" },
  to: { type: "string" },
  tier: { type: "string" },
  owner: { type: "string" },
  new: { type: "boolean" },
} as const;

/** Four cents for four topics: what a plan costs is said before it is paid (prices.md). */
const TOPIC_DOLLARS = 0.01;

const STEPS: Readonly<Partial<Record<Step["name"], string>>> = {
  plan: "planning the new segments",
  create: "creating a topic",
  switch: "routing new messages the new way, from now on",
  look: "looking whether the topic is quiet",
};

const say = (line: string) => console.log(line);

function kindsOf(text: string | undefined): readonly TopicKind[] {
  if (text === "all") return TOPIC_KINDS;
  const kind = TOPIC_KINDS.find((each) => each === text);
  if (kind === undefined) throw new Refusal(`--kind is one of ${TOPIC_KINDS.join(", ")}, or all`);
  return [kind];
}

function tierOf(text = "standard"): Tier {
  const tier = TIERS.find((each) => each === text);
  if (tier === undefined) throw new Refusal(`--tier is one of ${TIERS.join(", ")}`);
  return tier;
}

function topicOf(text: string | undefined): TopicId {
  const topicId = parseTopicId(text ?? "");
  if (topicId === null) throw new Refusal("drain takes a topic id like 0.0.7148063");
  return topicId;
}

/** Carries goals out, one after the other, and says how it goes. */
async function carryOut({ shards }: OperatorTools, prefix: string, goals: readonly Goal[]): Promise<void> {
  for (const goal of goals) {
    const of = goal.name === "grow" ? { ...goal.group, segment: 0 } : goal.shard;
    const name = shardName(prefix, of).replace(/-0$/, goal.name === "grow" ? "" : "-0");
    say(`${name}:`);
    const outcome = await shards.run(goal, (step) => {
      if (STEPS[step.name]) say(`  ${STEPS[step.name]}`);
    });
    say(`  ${outcomeText(outcome)}`);
    if (outcome.kind === "failed") process.exitCode = 1;
  }
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
  const response = await fetch(new URL(path, app), {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as { detail?: string };
  if (!response.ok) throw new Refusal(answer.detail ?? `the app answered ${response.status}`);
  return answer as T;
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

/** What the running app is asked for. It works behind its answer; `status` tells how far it is. */
async function throughApp(app: string, command: string, rest: readonly string[], values: Values): Promise<void> {
  if (command === "status") return table(await ask<ShardsAnswer>(app, "GET", "/api/admin/shards"));
  if (command === "drain") await ask(app, "POST", "/api/admin/shards/drain", { topicId: topicOf(rest[0]) });
  else if (command === "split")
    for (const kind of kindsOf(values.kind)) {
      const body = { kind, to: Number(values.to), tier: tierOf(values.tier), owner: values.owner ?? null };
      await ask(app, "POST", "/api/admin/shards/split", body);
    }
  else throw new Refusal(`${command} does not go through the app`);
  say("The app is at it. status shows how far it is; its audit log, what it came to.");
}

async function directly(command: string, rest: readonly string[], values: Values): Promise<void> {
  const env = readEnv(environment());
  const quiet = { info: () => {}, warn: say, error: say };
  const tools = await openOperator(env, quiet);
  const { registry } = tools;
  try {
    const now = await registry.load();
    if (command === "status") {
      table({
        version: now.version,
        canCreate: tools.shards.canCreate,
        shards: [...shardStatuses(env.TOPIC_PREFIX, now)],
        tenants: [...(await registry.tenants())],
      });
    } else if (command === "plan") plan(now, env);
    else if (command === "create") {
      const goals = TOPIC_KINDS.map((kind): Goal => ({ name: "grow", group: standardOf(kind), to: env.SHARDS[kind] }));
      const isAsked = (goal: Goal) => goal.name === "grow" && goal.to > activeShards(now, goal.group).length;
      await carryOut(tools, env.TOPIC_PREFIX, goals.filter(isAsked));
    } else if (command === "split") {
      const groups = kindsOf(values.kind).map((kind) => groupOf(tierOf(values.tier), kind, values.owner ?? null));
      const goals = groups.map((group): Goal => {
        if (typeof group === "string") throw new Refusal(group);
        return { name: "grow", group, to: Number(values.to) };
      });
      await carryOut(tools, env.TOPIC_PREFIX, goals);
    } else if (command === "drain") {
      const goals = drainGoals(now, topicOf(rest[0]));
      if (goals.length === 0) throw new Refusal("this topic is not in use");
      await carryOut(tools, env.TOPIC_PREFIX, goals);
    } else if (command === "tenant") await putTenant(tools, rest);
    else if (command === "assign") await assign(tools, rest);
    else await publish(tools, values.new ?? false);
  } finally {
    await tools.close();
  }
}

async function putTenant({ registry }: OperatorTools, [id = "", ...name]: readonly string[]): Promise<void> {
  const tenantId = parseTenantId(id);
  if (tenantId === null || name.length === 0)
    throw new Refusal("tenant takes an id of lower-case letters, digits and hyphens, and a name");
  await registry.putTenant(tenantId, name.join(" "));
  say(`${tenantId} is a tenant. Topics of its own: split --tier enterprise --owner ${tenantId} --kind all --to 1`);
}

async function assign({ registry }: OperatorTools, [tenant = "", ...users]: readonly string[]): Promise<void> {
  const tenantId = tenant === "none" ? null : parseTenantId(tenant);
  const userIds = users.map((user) => parseUserId(user));
  if ((tenantId === null && tenant !== "none") || userIds.length === 0 || userIds.some((id) => id === null))
    throw new Refusal("assign takes a tenant (or none), and the ids of users");
  if (!(await registry.assign(userIds as UserId[], tenantId))) throw new Refusal(`there is no tenant ${tenant}`);
  say(
    `${userIds.length} users: ${tenantId ?? "no tenant"}. Their next messages go to its topics, within half a minute.`,
  );
}

async function publish({ shards, creator }: OperatorTools, isNew: boolean): Promise<void> {
  if (isNew) {
    if (creator === null) throw new Refusal("there is no operator key, so no topic can be created");
    const created = await creator.createTopic(await creator.newAttempt(), REGISTRY_MEMO);
    if (!created.ok) throw new Refusal(created.error.message);
    return say(`Created ${created.value}. Set REGISTRY_TOPIC=${created.value} for all instances, and publish again.`);
  }
  const published = await shards.publish();
  if (!published.ok) throw new Refusal(published.error);
  say(`${published.value} messages published.`);
}

const COMMANDS = ["status", "plan", "create", "split", "drain", "tenant", "assign", "publish"];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const [command = "", ...rest] = positionals;
  if (!COMMANDS.includes(command)) throw new Refusal(USAGE);
  await (values.app === undefined ? directly(command, rest, values) : throughApp(values.app, command, rest, values));
}

main().then(
  () => process.exit(process.exitCode ?? 0),
  (cause: unknown) => {
    // A sentence for what was asked wrongly; the rest is worth its stack.
    console.error(
      cause instanceof Error && (cause instanceof Refusal || cause.name !== "Error") ? cause.message : cause,
    );
    process.exit(1);
  },
);
