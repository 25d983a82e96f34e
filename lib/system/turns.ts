/** Taken before the framework puts its own function there. */
const afterReading: (work: () => void) => unknown = setImmediate;

/**
 * Pieces of work that begin one in each turn of the event loop. Between two of them, the process answers what came meanwhile.
 *
 * @example await turns.next();
 */
export class Turns {
  private last: Promise<void> = Promise.resolve();

  /** Resolves in the turn after that of the piece before. */
  next(): Promise<void> {
    this.last = this.last.then(() => new Promise((resolve) => void afterReading(resolve)));
    return this.last;
  }
}
