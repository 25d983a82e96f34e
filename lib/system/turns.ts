/** Node's own function: the framework later puts another one in its place. */
const afterReading: (work: () => void) => unknown = setImmediate;

/**
 * Spreads pieces of work over turns of the event loop, one in each. Between two pieces the process answers what came meanwhile.
 *
 * @example await turns.next();
 */
export class Turns {
  private last: Promise<void> = Promise.resolve();

  /** Resolves one turn after the previous piece began. */
  next(): Promise<void> {
    this.last = this.last.then(() => new Promise((resolve) => void afterReading(resolve)));
    return this.last;
  }
}
