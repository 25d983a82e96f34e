/** Sends requests at a steady rate from one address of this machine, for the flood's readers and for its attacker. */
import { Agent } from "node:http";
import { type Answer, ask } from "@/tests/support/fleet/http";

/** The host name of the app under flood. */
export const FLOODED_HOST = "app.test";
/** At 1,000 requests a second, one a tick: ten at a time would be a burst, and a flood from other machines is none. */
const TICK_MS = 1;
/**
 * Shorter than the five seconds after which Node's server closes idle connections. A request sent at that moment would be lost.
 */
const IDLE_MS = 4_000;

/**
 * `writes`: sign-in and submit. `addresses`: addresses of 14 KB with 7,000 parameters. `bodies`: 120 connections at a time,
 * each of which sends 9.5 MB to a page and stays open. `health`: the checks of balancers.
 */
export const FLOODS = ["writes", "addresses", "bodies", "health"] as const;
export type Flood = (typeof FLOODS)[number];

/** All of 127.0.0.0/8 is this machine, so clients can have different addresses. */
export class FloodClient {
  private readonly agent: Agent;

  constructor(
    private readonly port: number,
    localAddress: string,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: 256, timeout: IDLE_MS });
    const create = this.agent.createConnection.bind(this.agent);
    this.agent.createConnection = (options, done) => create({ ...options, localAddress }, done);
  }

  send(path: string, headers: Readonly<Record<string, string>>, body?: object): Promise<Answer> {
    return ask({
      port: this.port,
      agent: this.agent,
      method: body ? "POST" : "GET",
      path,
      headers: { host: FLOODED_HOST, ...(body ? { "content-type": "application/json" } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  }

  /** The Cookie header of a user who signs in on the devnet. */
  async signIn(userId: string): Promise<string> {
    const { headers } = await this.send("/api/auth/demo", {}, { userId });
    return headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  }

  /** Sends a contact request to an unknown person, which is the smallest write. Nonces of one writer only grow. */
  write(userId: string, cookie: string, nonce: number): Promise<Answer> {
    const ts = Math.floor(Date.now() / 1_000);
    const write = { type: "CONTACT_REQUEST", from: userId, nonce, ts, payload: { target: "tm-x" } };
    return this.send("/api/hcs/submit", { cookie }, write);
  }

  close(): void {
    this.agent.destroy();
  }
}

/**
 * After a pause of the machine, the requests of at most this time are caught up at once. A flood from other machines would not have
 * paused.
 */
const CATCH_UP_MS = 30;

/**
 * Calls `work` at this rate for a spell, without waiting for answers, and collects the answers. Requests that were missed during a
 * longer pause of the machine are not caught up.
 */
export async function spell<T>(seconds: number, perSecond: number, work: (i: number) => Promise<T>): Promise<T[]> {
  const under: Promise<T>[] = [];
  const startMs = performance.now();
  const most = Math.ceil((perSecond * CATCH_UP_MS) / 1_000);
  let leftOut = 0;
  for (;;) {
    const elapsedMs = performance.now() - startMs;
    const due = Math.floor((Math.min(elapsedMs, seconds * 1_000) / 1_000) * perSecond) - leftOut;
    leftOut += Math.max(0, due - under.length - most);
    for (let n = Math.min(due - under.length, most); n > 0; n -= 1) under.push(work(under.length));
    if (elapsedMs >= seconds * 1_000) return Promise.all(under);
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}
