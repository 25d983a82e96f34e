/** The registry of shards in PostgreSQL. */
import { count, eq, getTableColumns, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { meta, shards, tenants, topics, userHeads, userRoutes } from "../../../drizzle/schema";
import type { UserId } from "../../core/ledger/ids";
import type { RegisteredTopic } from "../../core/shards/registered-topic";
import type { Registry, Shard, TenantId, UserTier } from "../../core/shards/shards";
import type { ShardRegistry, Tenant, UserRoute } from "../../ports/store/shard-registry";
import type { Statements } from "./drivers/statements";
import { excluded, names, takeExcluded } from "./sql/expressions";
import { parameters, preparedQuery, template } from "./sql/template";
import { columnOf, unnested, type Value } from "./sql/unnested";
import { insertTopics } from "./write/insert-topics";

const VERSION = preparedQuery(parameters<object>(), (db) => db.select({ version: meta.registryVersion }).from(meta));

const REGISTRY = preparedQuery(parameters<object>(), (db) => {
  // Drizzle takes an outer join's row for missing if its first column is null, so that column must not be nullable.
  const { shardNo, ...others } = getTableColumns(shards);
  return db
    .select({ version: meta.registryVersion, shard: { shardNo, ...others } })
    .from(meta)
    .leftJoin(shards, sql`true`)
    .orderBy(shardNo);
});

const ofUser = parameters<{ readonly userId: UserId }>();

const ROUTE = preparedQuery(ofUser, (db) => {
  const { tier, tenantId, version } = userRoutes;
  return db
    .select({ route: { tier, tenantId, version }, head: userHeads.head })
    .from(sql`(SELECT ${ofUser("userId")}::text AS user_id) u`)
    .leftJoin(userRoutes, eq(userRoutes.userId, sql`u.user_id`))
    .leftJoin(userHeads, eq(userHeads.userId, sql`u.user_id`));
});

export class PostgresShardRegistry implements ShardRegistry {
  constructor(private readonly statements: Statements) {}

  async load(): Promise<Registry> {
    const rows = await this.statements.run("registry", REGISTRY({}));
    return {
      version: rows[0]?.version ?? 0,
      shards: rows.flatMap(({ shard }) => (shard === null ? [] : [shardOf(shard)])),
    };
  }

  async version(): Promise<number> {
    const [row] = await this.statements.run("registry", VERSION({}));
    return row?.version ?? 0;
  }

  async change(expectedVersion: number, put: readonly Shard[]): Promise<number | null> {
    const [row] = await this.statements.run("registry-change", changeOf(expectedVersion, put));
    return row?.version ?? null;
  }

  async follow(topics: readonly RegisteredTopic[]): Promise<void> {
    if (topics.length > 0) await this.statements.run("registry-change", followingOf(topics));
  }

  async user(userId: UserId): Promise<UserRoute> {
    const [row] = await this.statements.run("route", ROUTE({ userId }));
    return {
      userId,
      tier: row?.route?.tier ?? "standard",
      tenantId: row?.route?.tenantId ?? null,
      version: row?.route?.version ?? 0,
      signals: row?.head ?? 0,
    };
  }

  async setTier(userId: UserId, tier: UserTier, expectedVersion: number): Promise<boolean> {
    const { version } = userRoutes;
    const rows = await this.statements.run("registry-change", (db) =>
      db
        .insert(userRoutes)
        .values({ userId, tier, version: 1 })
        .onConflictDoUpdate({
          target: userRoutes.userId,
          set: { tier, version: sql`${version} + 1` },
          setWhere: eq(version, expectedVersion),
        })
        .returning({ version }),
    );
    return rows.length > 0;
  }

  async addTenant(tenantId: TenantId, name: string): Promise<boolean> {
    const rows = await this.statements.run("registry-change", (db) =>
      db.insert(tenants).values({ tenantId, name }).onConflictDoNothing().returning({ tenantId: tenants.tenantId }),
    );
    return rows.length > 0;
  }

  async renameTenant(tenantId: TenantId, name: string): Promise<boolean> {
    const rows = await this.statements.run("registry-change", (db) =>
      db.update(tenants).set({ name }).where(eq(tenants.tenantId, tenantId)).returning({ tenantId: tenants.tenantId }),
    );
    return rows.length > 0;
  }

  tenants(): Promise<readonly Tenant[]> {
    const { tenantId, name } = tenants;
    return this.statements.run("registry", (db) =>
      db
        .select({ tenantId, name, users: count(userRoutes.userId) })
        .from(tenants)
        .leftJoin(userRoutes, eq(userRoutes.tenantId, tenantId))
        .groupBy(tenantId, name)
        .orderBy(tenantId),
    );
  }

  async assign(userIds: readonly UserId[], tenantId: TenantId | null): Promise<boolean> {
    const [row] = await this.statements.run("registry-change", assignmentOf(userIds, tenantId));
    return (row?.known ?? 0) > 0;
  }
}

/** Columns, and the value of a shard for each. */
type Written = readonly (readonly [PgColumn, (shard: Shard) => Value])[];

/** A shard's place in the registry, and what a change of it may change. */
const PLACE: Written = [
  [shards.tier, ({ tier }) => tier],
  [shards.kind, ({ kind }) => kind],
  [shards.owner, ({ owner }) => owner ?? ""],
  [shards.segment, ({ segment }) => segment],
  [shards.generation, ({ generation }) => generation],
];
const CHANGING: Written = [
  [shards.state, ({ state }) => state],
  [shards.topicId, ({ topicId }) => topicId],
  [shards.attempt, ({ attempt }) => attempt],
  [shards.routesFromNs, ({ routesFromNs }) => routesFromNs],
  [shards.drainsFromNs, ({ drainsFromNs }) => drainsFromNs],
  [shards.drainedNs, ({ drainedNs }) => drainedNs],
];
const columnsOf = (written: Written) => written.map(([column]) => column);

/** Swaps the version, and writes the shards and their topics with it. Answers no row if another change came first. */
function changeOf(expectedVersion: number, put: readonly Shard[]) {
  const given = [...PLACE, ...CHANGING].map(([column, value]) => columnOf(column, put, value));
  const columns = names(...columnsOf([...PLACE, ...CHANGING]));
  return template(
    { version: sql<number>`registry_version` },
    (answer) => sql`WITH gate AS (
  UPDATE ${meta} SET ${names(meta.registryVersion)} = ${meta.registryVersion} + 1
  WHERE ${meta.registryVersion} = ${expectedVersion}::integer RETURNING ${meta.registryVersion}),
given AS MATERIALIZED (SELECT * FROM ${unnested("x", given, "place")}),
written AS (
  INSERT INTO ${shards} (${columns}) SELECT ${columns} FROM gate, given ORDER BY given.place
  ON CONFLICT (${names(...columnsOf(PLACE))}) DO UPDATE SET ${takeExcluded(...columnsOf(CHANGING))}),
known AS (${insertTopics(sql`gate, given x`)})
SELECT ${answer} FROM gate`,
  );
}

function followingOf(followed: readonly RegisteredTopic[]) {
  const pairs = followed.flatMap(({ topicId, kinds }) => kinds.map((kind) => ({ topicId, kind })));
  const given = [
    columnOf(topics.topicId, pairs, ({ topicId }) => topicId),
    columnOf(shards.kind, pairs, ({ kind }) => kind),
  ];
  return template({}, () => insertTopics(unnested("x", given)));
}

/** Assigns users to a tenant, or to none. Changes nothing if there is no such tenant. */
function assignmentOf(userIds: readonly UserId[], tenantId: TenantId | null) {
  const given = sql`${tenantId}::text`;
  const { userId, tier, version } = userRoutes;
  return template(
    { known: sql`count(*)`.mapWith(Number) },
    (answer) => sql`WITH known AS (
  SELECT FROM ${tenants} WHERE ${tenants.tenantId} = ${given} UNION ALL SELECT WHERE ${given} IS NULL),
assigned AS (
  INSERT INTO ${userRoutes} (${names(userId, tier, userRoutes.tenantId, version)})
  SELECT DISTINCT u.user_id, 'standard', ${given}, 1 FROM known, ${unnested("u", [columnOf(userId, userIds, (id) => id)])} ORDER BY 1
  ON CONFLICT (${names(userId)}) DO UPDATE SET ${takeExcluded(userRoutes.tenantId)}, ${names(version)} = ${version} + 1
  WHERE ${userRoutes.tenantId} IS DISTINCT FROM ${excluded(userRoutes.tenantId)})
SELECT ${answer} FROM known`,
  );
}

function shardOf({ shardNo: _, owner, ...shard }: typeof shards.$inferSelect): Shard {
  return { ...shard, owner: owner === "" ? null : owner };
}
