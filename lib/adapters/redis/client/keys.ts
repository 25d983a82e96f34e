/**
 * Names of everything in Redis. Keys of a network begin with `tm:` and its name; keys of a user continue with the user's id.
 *
 * A script touches keys of one slot only, and in a Redis Cluster slots lie on different nodes. So there the keys are in partitions.
 * Each partition is one slot with a history of its own (history.ts), and a user's keys are all in one partition. What concerns
 * everybody is in partition 0. A Redis that is not a cluster has this one partition, and its keys carry no hash tag: releases before
 * and after share them.
 */

import { hashTag, keyOf } from "../../../core/key";
import type { TopicId, TopicKind, UserId } from "../../../core/ledger/ids";
import type { SharedViewName } from "../../../ports/shared/view-cache";

/** The name stands unchanged in keys and in the path of a subscription. */
const NETWORK = /^[A-Za-z0-9_.-]{1,60}$/;

/**
 * Partitions of a cluster. Another number would move people to other keys and forget their nonces. This many spread evenly enough
 * over some ten nodes, and an event for everybody still costs few commands.
 */
export const CLUSTER_PARTITIONS = 64;

/** Keys that each partition has. */
export interface PartitionKeys {
  /** Written and deleted by a ping. */
  readonly ping: string;
  /** Views that do not carry this token must be loaded again. */
  readonly generation: string;
  /** Number of the partition's last event. */
  readonly sequence: string;
  /** Marks of its last events (history.ts). */
  readonly history: string;
  /**
   * Hash of topic → watermark. Only partition 0 has this key and the next one. Scripts name them in other partitions too, and
   * find nothing there.
   */
  readonly syncedThrough: string;
  /** Hash of topic → cursor of the last commit that was published. */
  readonly published: string;
  /** Hash of partition → its last event that was announced. */
  readonly heads: string;
}

export class Keys {
  private readonly roots: readonly string[];
  private readonly shared: readonly PartitionKeys[];

  constructor(
    network: string,
    private readonly viewVariant?: string,
    readonly partitions = 1,
  ) {
    if (!NETWORK.test(network)) throw new RangeError("a network's name has letters, digits, '_', '.' and '-' only");
    this.roots = Array.from({ length: partitions }, (_, partition) =>
      partitions === 1 ? `tm:${network}` : `tm:${hashTag(network, partition)}`,
    );
    this.shared = this.roots.map((root) => ({
      // No user has an empty id, so no user's key can equal one of these.
      ping: `${root}:${keyOf("", "ping")}`,
      generation: `${root}:${keyOf("", "generation")}`,
      sequence: `${root}:${keyOf("", "sequence")}`,
      history: `${root}::history`,
      syncedThrough: `${root}:${keyOf("", "synced")}`,
      published: `${root}:${keyOf("", "published")}`,
      heads: `${root}:${keyOf("", "heads")}`,
    }));
  }

  /** The partition that has this user's keys. */
  partitionOf(userId: UserId): number {
    return partitionOf(userId, this.partitions);
  }

  /** The keys of a partition that belong to no user. */
  in(partition: number): PartitionKeys {
    const keys = this.shared[partition];
    if (keys === undefined) throw new RangeError(`there is no partition ${partition}`);
    return keys;
  }

  /** The keys of partition 0, for what concerns everybody. */
  get everybody(): PartitionKeys {
    return this.in(0);
  }

  view(userId: UserId, name: SharedViewName): string {
    return this.of(userId, name, ...(this.viewVariant === undefined ? [] : [this.viewVariant]));
  }

  nonce(userId: UserId): string {
    return this.of(userId, "nonce");
  }

  /** The message that took the last nonce. */
  nonceDigest(userId: UserId): string {
    return this.of(userId, "nonce", "of");
  }

  /** The claim that took the last nonce, and what was there before it. */
  nonceClaim(userId: UserId): string {
    return this.of(userId, "nonce", "claim");
  }

  /** The topic of the user's last message of a kind. */
  lastWrite(userId: UserId, kind: TopicKind): string {
    return this.of(userId, "wrote", kind);
  }

  gate(gate: string): string {
    return `${this.roots[0]}:${keyOf("", "gate", gate)}`;
  }

  syncGate(topicId: TopicId): string {
    return this.gate(keyOf("sync", topicId));
  }

  lease(topicId: TopicId): string {
    return `${this.roots[0]}:${keyOf("", "lease", topicId)}`;
  }

  /** A user's budget is in the partition of the user's keys. */
  budget(budget: string, userId?: UserId): string {
    return `${this.roots[userId === undefined ? 0 : this.partitionOf(userId)]}:${keyOf("", "budget", budget)}`;
  }

  /** A user's attempt is in the partition of the user's keys. One without a user is in the partition of its own key. */
  attempt(key: string, userId?: UserId): string {
    return `${this.roots[partitionOf(userId ?? key, this.partitions)]}:${keyOf("", "attempt", key)}`;
  }

  /** Hash of instance → its report. */
  get reports(): string {
    return `${this.roots[0]}:${keyOf("", "reports")}`;
  }

  get channel(): string {
    return `${this.roots[0]}:events`;
  }

  private of(userId: UserId, ...rest: readonly string[]): string {
    return `${this.roots[this.partitionOf(userId)]}:${keyOf(userId, ...rest)}`;
  }
}

/** FNV-1a of 32 bits. Every instance of every release must find the same partition, and each read asks for it. */
function partitionOf(text: string, partitions: number): number {
  if (partitions === 1) return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % partitions;
}
