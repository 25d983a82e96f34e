/** A process that dies at a chosen call of its ports, as in a power cut. */

class Killed extends Error {
  override readonly name = "Killed";
}

export interface Death {
  /** The call's number, from 1, counted from when the death is chosen; or the name of the method. */
  readonly at: number | string;
  /** `after`: the other side did the work, and the answer is lost. */
  readonly when: "before" | "after";
}

export class Mortal {
  private calls = 0;
  private death: Death | null = null;
  private diedAt: string | null = null;

  /** The call at which it died, as "before submit". Null while it lives. */
  get end(): string | null {
    return this.diedAt;
  }

  dieAt(death: Death): void {
    this.calls = 0;
    this.death = death;
  }

  /** Wraps a port of this process. Every method that returns a promise counts as a call. */
  of<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => this.call(String(name), () => Reflect.apply(value, target, args));
      },
    });
  }

  private call(name: string, made: () => unknown): unknown {
    this.live();
    this.calls += 1;
    const isLast = this.death?.at === this.calls || this.death?.at === name;
    if (isLast && this.death?.when === "before") this.die(`before ${name}`);
    const answer = made();
    if (!(answer instanceof Promise)) {
      // A synchronous method makes no call to another process.
      this.calls -= 1;
      return answer;
    }
    return answer.then((value: unknown) => {
      if (isLast) this.die(`after ${name}`);
      this.live();
      return value;
    });
  }

  private live(): void {
    if (this.diedAt !== null) throw new Killed("this process has ended");
  }

  private die(at: string): never {
    this.diedAt = at;
    throw new Killed("this process ends here");
  }
}
