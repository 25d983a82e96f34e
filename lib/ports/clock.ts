/** Time as data. Tests drive it; nothing in engine or core reads a clock of its own. */
export interface Clock {
  /**
   * Milliseconds since 1970, by the wall clock. It may step, back too: it is for times that people read, that are stored, or that
   * are compared with the ledger's. How long something took or may take is measured with `monotonicMs`.
   */
  now(): number;
  /** Milliseconds since some instant of this process's own. Never steps: for waits, leases, gates, back-off and ages. */
  monotonicMs(): number;
  /** Resolves after `ms`, or at once when the signal aborts (never rejects). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
