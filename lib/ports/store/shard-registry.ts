/**
 * The registry of shards, and what is known of the users it routes. Each method is one SQL statement. The registry changes by
 * compare-and-swap of its version, so of several who would change it at once one does, and the others look again. Failures of
 * the database throw `TierUnavailable`; a change whose answer was lost has either happened as a whole or not at all.
 */
import type { UserId } from "../../core/ledger/ids";
import type { Registry, RoutedUser, Shard, TenantId, UserTier } from "../../core/shards/shards";

export interface UserRoute extends RoutedUser {
  /** Grows with each change of tier or tenant; 0 for a user of whom nothing is kept. */
  readonly version: number;
  /** The rows that the user has. */
  readonly signals: number;
}

export interface Tenant {
  readonly tenantId: TenantId;
  readonly name: string;
  readonly users: number;
}

export interface ShardRegistry {
  load(): Promise<Registry>;
  version(): Promise<number>;
  /**
   * Writes these shards if the registry still is at `expectedVersion`; null where it is not. A topic that a shard has is one
   * that the sync store knows, from the same statement on.
   */
  change(expectedVersion: number, put: readonly Shard[]): Promise<number | null>;

  user(userId: UserId): Promise<UserRoute>;
  /** False where the user's route has changed since `expectedVersion`. */
  setTier(userId: UserId, tier: UserTier, expectedVersion: number): Promise<boolean>;

  /** Adds a tenant, or gives a known one another name. */
  putTenant(tenantId: TenantId, name: string): Promise<void>;
  tenants(): Promise<readonly Tenant[]>;
  /** Makes these users the tenant's, or nobody's (null). False where there is no such tenant. */
  assign(userIds: readonly UserId[], tenantId: TenantId | null): Promise<boolean>;
}
