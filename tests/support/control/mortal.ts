/** A process that dies: its calls of ports are counted, and with one of them it ends, as a power cut would end it. */

class Killed extends Error {
  override readonly name = "Killed";
}

export interface Death {
  /** The number of the call, from 1. */
  readonly at: number;
  /** Whether the other side has done what was asked, and only the answer is lost. */
  readonly when: "before" | "after";
}

export class Mortal {
  private calls = 0;
  private isDead = false;

  /** Without a death it lives, and counts. */
  constructor(private readonly death: Death | null = null) {}

  get count(): number {
    return this.calls;
  }

  get hasDied(): boolean {
    return this.isDead;
  }

  /** The same port, of this process: every method that answers with a promise is a call. */
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
      // A synchronous answer is no call to another process.
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
