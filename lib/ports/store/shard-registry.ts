/**
 * The shard registry, and what is known of the users whom it routes. Each method is one SQL statement. The registry changes by
 * compare-and-swap of its version: if several change it at once, one does, and the others look again. Failures of the database
 * reject with `TierUnavailable`. A change whose answer was lost has happened as a whole or not at all.
 */
import type { UserId } from "../../core/ledger/ids";
import type { RegisteredTopic } from "../../core/shards/registered-topic";
import type { Registry, RoutedUser, Shard, TenantId, UserTier } from "../../core/shards/shards";

export interface UserRoute extends RoutedUser {
  /** Grows with each change of tier or tenant; 0 for a user about whom nothing is stored. */
  readonly version: number;
  /** How many rows the user has. */
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
   * Writes these shards if the registry is still at `expectedVersion`; null otherwise. The same statement registers the shards'
   * topics in the sync store.
   */
  change(expectedVersion: number, put: readonly Shard[]): Promise<number | null>;

  /** Registers topics in the sync store that have no shard. */
  follow(topics: readonly RegisteredTopic[]): Promise<void>;

  user(userId: UserId): Promise<UserRoute>;
  /** False if the user's route has changed since `expectedVersion`. */
  setTier(userId: UserId, tier: UserTier, expectedVersion: number): Promise<boolean>;

  /** False if the tenant exists. */
  addTenant(tenantId: TenantId, name: string): Promise<boolean>;
  /** False if there is no such tenant. */
  renameTenant(tenantId: TenantId, name: string): Promise<boolean>;
  tenants(): Promise<readonly Tenant[]>;
  /** Gives these users to the tenant, or to none (null). False if there is no such tenant. */
  assign(userIds: readonly UserId[], tenantId: TenantId | null): Promise<boolean>;
}
