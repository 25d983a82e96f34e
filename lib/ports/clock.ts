/** Time as data. Tests drive it; nothing in engine or core reads a clock of its own. */
export interface Clock {
  /**
   * Milliseconds since 1970, by the wall clock, which may step forwards and backwards. Use it for times that people read, that
   * are stored, or that are compared with the ledger's. Measure durations with `monotonicMs`.
   */
  now(): number;
  /** Milliseconds since an arbitrary instant of this process. Never steps. Use it for waits, leases, gates, back-off and ages. */
  monotonicMs(): number;
  /**
   * Milliseconds since that instant for which this process had nothing to do: its event loop waited. A clock that a test drives does
   * not know.
   */
  eventLoopIdleMs?(): number;
  /**
   * Resolves after `ms`, or at once when the signal aborts (never rejects). A wait of zero or less also resolves at once: the deadline
   * has passed. `ms` is finite and at most 24.8 days.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls `act` after `ms`, unless the returned function is called first. It costs 25 µs less than a sleep that a signal ends, and
   * every read pays that.
   */
  after(ms: number, act: () => void): () => void;
}
