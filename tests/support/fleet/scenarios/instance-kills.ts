/** Kills instances of a fleet at random and starts them again, as many a second as it is told. */
import { systemClock } from "@/lib/adapters/memory/system-clock";
import { createRng } from "@/lib/devnet/rng";
import type { Fleet, Instance } from "../fleet";

/** This many instances stay alive. If starts are slow, none would answer otherwise. */
const LEAST_RUNNING = 2;
const LOOK_MS = 50;

export class InstanceKills {
  count = 0;
  private readonly rng = createRng(2);

  /** `choose` chooses the next victim among those that run. Absent: at random. */
  constructor(
    private readonly fleet: Fleet,
    private readonly choose = async (running: readonly Instance[]): Promise<Instance> => this.rng.pick(running),
  ) {}

  /** Kills as many instances as are due by the time that has passed. It does not wait for ends and starts in between. */
  async during(perSecond: number, isOver: () => boolean): Promise<void> {
    const restarts = new Map<Instance, Promise<void>>();
    const startMs = systemClock.now();
    const due = () => ((systemClock.now() - startMs) / 1_000) * perSecond;
    const running = () => this.fleet.instances.filter((each) => each.port !== null && !restarts.has(each));
    while (!isOver()) {
      await systemClock.sleep(LOOK_MS);
      while (this.count + 1 <= due() && running().length > LEAST_RUNNING) {
        const victim = await this.choose(running());
        const restart = victim.kill().then(() => victim.start());
        restarts.set(
          victim,
          restart.finally(() => restarts.delete(victim)),
        );
        this.count += 1;
      }
    }
    await Promise.all(restarts.values());
  }
}
