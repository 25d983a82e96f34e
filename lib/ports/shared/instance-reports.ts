/**
 * Reports of instances about themselves, so that any instance can show all of them. A report replaces the previous one of its
 * instance and expires after its time to live. Reports may get lost: they are numbers for people, and no decision rests on them.
 * Failures throw `TierUnavailable`.
 */
export interface InstanceReports {
  /**
   * Keeps the report for `ttlMs`, in one command. With `everybody` the same command returns the latest reports of all instances,
   * this one's included, in no order. With `nobody` it returns none, which saves their bytes.
   */
  report(own: OwnReport, asks: "everybody" | "nobody"): Promise<readonly string[]>;
  /** Removes the report of an instance that ends. One command. */
  remove(instanceId: string): Promise<void>;
}

/** A report, and the milliseconds after which it expires. */
export interface OwnReport {
  readonly instanceId: string;
  readonly report: string;
  readonly ttlMs: number;
}
