/** The registry of shards in PostgreSQL. */
import type { TopicId, TopicKind, UserId } from "../../core/ledger/ids";
import type { Registry, Shard, ShardGroup, ShardState, TenantId, Tier, UserTier } from "../../core/shards/shards";
import type { ShardRegistry, Tenant, UserRoute } from "../../ports/store/shard-registry";
import { int8, text } from "./codec/decode-row";
import type { Row } from "./drivers/database";
import type { Statements } from "./drivers/statements";
import { numbers, Params, texts } from "./write/params";

export class PostgresShardRegistry implements ShardRegistry {
  constructor(private readonly db: Statements) {}

  async load(): Promise<Registry> {
    const rows = await this.db.run(
      "registry",
      "SELECT m.registry_version, s.* FROM meta m LEFT JOIN shards s ON true ORDER BY s.shard_no",
    );
    return {
      version: Number(rows[0]?.registry_version ?? 0),
      shards: rows.filter((row) => row.shard_no !== null).map(shard),
    };
  }

  async version(): Promise<number> {
    const [row] = await this.db.run("registry", "SELECT registry_version FROM meta");
    return Number(row?.registry_version ?? 0);
  }

  async change(expectedVersion: number, put: readonly Shard[]): Promise<number | null> {
    const params = new Params();
    const expected = params.add(expectedVersion, "integer");
    const [row] = await this.db.run(
      "registry-change",
      `WITH gate AS (
        UPDATE meta SET registry_version = registry_version + 1 WHERE registry_version = ${expected} RETURNING registry_version),
      given AS MATERIALIZED (
        SELECT * FROM unnest(${columns(put, params)}) WITH ORDINALITY
          AS x (tier, kind, owner, state, topic_id, attempt, segment, generation, routes, drains, drained, place)),
      written AS (
        INSERT INTO shards (tier, kind, owner, segment, generation, state, topic_id, attempt, routes_from_ns, drains_from_ns, drained_ns)
        SELECT x.tier, x.kind, x.owner, x.segment, x.generation, x.state, x.topic_id, x.attempt, x.routes, x.drains, x.drained
        FROM gate, given x ORDER BY x.place
        ON CONFLICT (tier, kind, owner, segment, generation) DO UPDATE SET state = excluded.state, topic_id = excluded.topic_id,
          attempt = excluded.attempt, routes_from_ns = excluded.routes_from_ns, drains_from_ns = excluded.drains_from_ns,
          drained_ns = excluded.drained_ns),
      known AS (
        INSERT INTO topics AS t (topic_id, kinds)
        SELECT x.topic_id, array_agg(DISTINCT x.kind ORDER BY x.kind) FROM gate, given x WHERE x.topic_id IS NOT NULL
        GROUP BY x.topic_id ORDER BY x.topic_id
        ON CONFLICT (topic_id) DO UPDATE SET kinds = (SELECT array_agg(DISTINCT k ORDER BY k) FROM unnest(t.kinds || excluded.kinds) AS k)
        WHERE NOT t.kinds @> excluded.kinds)
      SELECT registry_version FROM gate`,
      params.values,
    );
    return row === undefined ? null : Number(row.registry_version);
  }

  async user(userId: UserId): Promise<UserRoute> {
    const [row] = await this.db.run(
      "route",
      `SELECT r.tier, r.tenant_id, r.version, h.head FROM (SELECT $1::text AS user_id) u
      LEFT JOIN user_routes r ON r.user_id = u.user_id LEFT JOIN user_heads h ON h.user_id = u.user_id`,
      [userId],
    );
    return {
      userId,
      tier: (text(row?.tier) ?? "standard") as UserTier,
      tenantId: text(row?.tenant_id) as TenantId | null,
      version: Number(row?.version ?? 0),
      signals: Number(row?.head ?? 0),
    };
  }

  async setTier(userId: UserId, tier: UserTier, expectedVersion: number): Promise<boolean> {
    const rows = await this.db.run(
      "registry-change",
      `INSERT INTO user_routes AS r (user_id, tier, version) VALUES ($1::text, $2::text, 1)
      ON CONFLICT (user_id) DO UPDATE SET tier = excluded.tier, version = r.version + 1 WHERE r.version = $3::integer
      RETURNING r.version`,
      [userId, tier, expectedVersion],
    );
    return rows.length > 0;
  }

  async putTenant(tenantId: TenantId, name: string): Promise<void> {
    await this.db.run(
      "registry-change",
      `INSERT INTO tenants (tenant_id, name) VALUES ($1::text, $2::text)
      ON CONFLICT (tenant_id) DO UPDATE SET name = excluded.name`,
      [tenantId, name],
    );
  }

  async tenants(): Promise<readonly Tenant[]> {
    const rows = await this.db.run(
      "registry",
      `SELECT t.tenant_id, t.name, count(r.user_id)::integer AS users FROM tenants t
      LEFT JOIN user_routes r ON r.tenant_id = t.tenant_id GROUP BY t.tenant_id, t.name ORDER BY t.tenant_id`,
    );
    return rows.map((row) => ({
      tenantId: row.tenant_id as TenantId,
      name: String(row.name),
      users: Number(row.users),
    }));
  }

  async assign(userIds: readonly UserId[], tenantId: TenantId | null): Promise<boolean> {
    const [row] = await this.db.run(
      "registry-change",
      `WITH known AS (SELECT FROM tenants WHERE tenant_id = $2::text UNION ALL SELECT WHERE $2::text IS NULL),
      assigned AS (
        INSERT INTO user_routes AS r (user_id, tier, tenant_id, version)
        SELECT DISTINCT u.id, 'standard', $2::text, 1 FROM known, unnest($1::text[]) AS u (id) ORDER BY 1
        ON CONFLICT (user_id) DO UPDATE SET tenant_id = excluded.tenant_id, version = r.version + 1
        WHERE r.tenant_id IS DISTINCT FROM excluded.tenant_id)
      SELECT count(*)::integer AS known FROM known`,
      [texts(userIds), tenantId],
    );
    return Number(row?.known) > 0;
  }
}

function columns(shards: readonly Shard[], params: Params): string {
  const names = [
    shards.map(({ tier }) => tier),
    shards.map(({ kind }) => kind),
    shards.map(({ owner }) => owner ?? ""),
    shards.map(({ state }) => state),
    shards.map(({ topicId }) => topicId),
    shards.map(({ attempt }) => attempt),
  ].map((column) => params.add(texts(column), "text[]"));
  const places = [shards.map(({ segment }) => segment), shards.map(({ generation }) => generation)].map((column) =>
    params.add(numbers(column), "integer[]"),
  );
  const instants = [
    shards.map(({ routesFromNs }) => routesFromNs),
    shards.map(({ drainsFromNs }) => drainsFromNs),
    shards.map(({ drainedNs }) => drainedNs),
  ].map((column) => params.add(numbers(column), "bigint[]"));
  return [...names, ...places, ...instants].join(", ");
}

const instant = (value: unknown): bigint | null => (value === null ? null : int8(value));

function shard(row: Row): Shard {
  const owner = row.owner === "" ? null : (row.owner as ShardGroup["owner"]);
  return {
    tier: row.tier as Tier,
    kind: row.kind as TopicKind,
    owner,
    segment: Number(row.segment),
    generation: Number(row.generation),
    state: row.state as ShardState,
    topicId: text(row.topic_id) as TopicId | null,
    attempt: text(row.attempt),
    routesFromNs: instant(row.routes_from_ns),
    drainsFromNs: instant(row.drains_from_ns),
    drainedNs: instant(row.drained_ns),
  };
}
