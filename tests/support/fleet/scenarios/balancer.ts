/**
 * A load balancer like those in production. It keeps connections to every instance and sends requests to those that are ready.
 * It tries another instance only if a connection is refused. Every other failure reaches the client.
 */
import type { Agent } from "node:http";
import { systemClock } from "@/lib/adapters/memory/system-clock";
import type { Instance } from "../fleet";
import { type Answer, ask, newAgent } from "../http";

const CHECK_MS = 200;

interface Target {
  readonly instance: Instance;
  readonly agent: Agent;
  isReady: boolean;
}

export class Balancer {
  private readonly targets: readonly Target[];
  private isOver = false;
  private turn = 0;
  private readonly checking: Promise<unknown>;

  constructor(instances: readonly Instance[]) {
    this.targets = instances.map((instance) => ({ instance, agent: newAgent(), isReady: true }));
    this.checking = Promise.all(this.targets.map((target) => this.check(target)));
  }

  /** Rejects if the connection breaks, or if no instance is ready. */
  async send(method: "GET" | "POST", path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const ready = this.targets.filter(({ isReady }) => isReady);
    const turn = this.turn++;
    for (let i = 0; i < ready.length; i += 1) {
      const { instance, agent } = ready[(turn + i) % ready.length] as Target;
      const { port } = instance;
      if (port === null) continue;
      const body = method === "POST" ? { body: "{}" } : {};
      try {
        return await ask({ port, agent, method, path, headers, ...body });
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "ECONNREFUSED") throw cause;
      }
    }
    throw new Error("no instance is ready");
  }

  isReady(instance: Instance): boolean {
    return this.targets.some((target) => target.instance === instance && target.isReady);
  }

  async close(): Promise<void> {
    this.isOver = true;
    await this.checking;
    for (const { agent } of this.targets) agent.destroy();
  }

  private async check(target: Target): Promise<void> {
    const agent = newAgent();
    while (!this.isOver) {
      const { port } = target.instance;
      const asked = { port: port ?? 0, agent, method: "GET", path: "/api/health/ready", headers: {} } as const;
      target.isReady = await ask(asked).then(
        ({ status }) => status === 200,
        () => false,
      );
      await systemClock.sleep(CHECK_MS);
    }
    agent.destroy();
  }
}
