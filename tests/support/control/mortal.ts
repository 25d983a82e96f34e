/** A process that dies at a chosen call of its ports, as in a power cut. It counts its calls. */

class Killed extends Error {
  override readonly name = "Killed";
}

export interface Death {
  /** Number of the call, from 1. */
  readonly at: number;
  /** `after`: the other side did the work, and the answer is lost. */
  readonly when: "before" | "after";
}

export class Mortal {
  private calls = 0;
  private isDead = false;

  /** Without a death it only counts calls. */
  constructor(private readonly death: Death | null = null) {}

  get count(): number {
    return this.calls;
  }

  get hasDied(): boolean {
    return this.isDead;
  }

  /** Wraps a port of this process. Every method that returns a promise counts as a call. */
  of<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => this.call(() => Reflect.apply(value, target, args));
      },
    });
  }

  private call(made: () => unknown): unknown {
    this.live();
    this.calls += 1;
    const isLast = this.calls === this.death?.at;
    if (isLast && this.death?.when === "before") this.die();
    const answer = made();
    if (!(answer instanceof Promise)) {
      // A synchronous method makes no call to another process.
      this.calls -= 1;
      return answer;
    }
    return answer.then((value: unknown) => {
      if (isLast) this.die();
      this.live();
      return value;
    });
  }

  private live(): void {
    if (this.isDead) throw new Killed("this process has ended");
  }

  private die(): never {
    this.isDead = true;
    throw new Killed("this process ends here");
  }
}
