/**
 * What instances tell of themselves, so that any of them can show all. A report replaces the last one of its instance, and leaves
 * by its time to live where none follows. Lossy by contract: numbers for people, nothing that a decision rests on. Failures throw
 * `TierUnavailable`.
 */
export interface InstanceReports {
  /**
   * Keeps `report` for the instance, in one command. With `everybody` that same command answers the latest reports of all
   * instances, this one's included, in no order; with `nobody` it answers none of them, which spares their bytes.
   */
  report(instanceId: string, report: string, asks: "everybody" | "nobody"): Promise<readonly string[]>;
}
