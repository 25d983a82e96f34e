/** The end of a server, in order: nothing that was asked is left without its answer, and nothing holds the end up for ever. */
import { request, type ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endInOrder, NOTICE_MS, type Opened, QUIET_MS } from "@/lib/server/boot/lifecycle";
import { Front } from "@/lib/server/front/front";
import { DrivenClock } from "../../../support/control/driven-clock";
import { RawConnection } from "../../../support/servers/raw-http";

let clock: DrivenClock;
let front: Front;
let port: number;
/** The events of the test, in order. */
let events: string[];
/** Answers that a test holds back. */
let held: ServerResponse[];
const connections: RawConnection[] = [];

beforeEach(async () => {
  clock = new DrivenClock();
  events = [];
  held = [];
  front = new Front((asked, response) => {
    if (asked.url === "/slow") held.push(response);
    else response.end("ok");
  }, clock);
  port = await front.listen(0, "127.0.0.1");
});
afterEach(() => {
  for (const connection of connections.splice(0)) connection.destroy();
  front.server.closeAllConnections();
});

const said: string[] = [];
const app = {
  hub: { close: () => void events.push("bye") },
  health: { close: () => void events.push("judged no more") },
  batches: { close: () => void events.push("nothing waits") },
  close: async () => void events.push("stores closed"),
  log: { info: (line: string) => void said.push(line), warn: () => {}, error: () => {} },
};
const framework = { close: async () => void events.push("framework closed") };

const whole: Opened = { app, framework };

/** The end of a server that has started, or that is still starting. */
const end = (opened: Opened | null = whole, opening: Promise<Opened> = Promise.resolve(whole)) => {
  const ending = endInOrder({ front, opened, opening, clock });
  void ending.then(() => events.push("ended"));
  return ending;
};

async function connect(): Promise<RawConnection> {
  const connection = await RawConnection.open(port);
  connections.push(connection);
  return connection;
}
const ask = (connection: RawConnection, path: string) => connection.send(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setImmediate(resolve));
}

describe("the end of a server", () => {
  it("answers requests until balancers notice, each as the last on its connection, then accepts none", async () => {
    const kept = await connect();
    ask(kept, "/before");
    expect((await kept.answer()).headers.connection).toBe("keep-alive");
    const ending = end();
    expect(events).toEqual(["bye", "judged no more", "nothing waits"]);
    ask(kept, "/after");
    expect(await kept.answer()).toMatchObject({ status: 200, headers: { connection: "close" } });
    await kept.closed();
    const late = await connect();
    ask(late, "/late");
    expect((await late.answer()).headers.connection).toBe("close");
    await clock.drive(ending);
    await expect(connect()).rejects.toThrow("ECONNREFUSED");
    expect(events).toEqual(["bye", "judged no more", "nothing waits", "framework closed", "stores closed", "ended"]);
  });

  it("lets running requests finish before it closes anything", async () => {
    const connection = await connect();
    ask(connection, "/slow");
    await until(() => held.length === 1);
    const ending = end();
    await clock.advance(NOTICE_MS);
    expect(events).toEqual(["bye", "judged no more", "nothing waits"]);
    held[0]?.writeHead(200, { "content-length": 4 }).end("late");
    expect(await connection.answer()).toMatchObject({ body: "late", headers: { connection: "close" } });
    await connection.closed();
    await clock.drive(ending);
    expect(events).toEqual(["bye", "judged no more", "nothing waits", "framework closed", "stores closed", "ended"]);
  });

  it("is over within five seconds under requests without end, each of which takes 2.5 s", async () => {
    const startMs = clock.monotonicMs();
    let isOver = false;
    const ending = end().then(() => {
      isOver = true;
    });
    const answers: Promise<void>[] = [];
    let isAccepting = true;
    while (!isOver) {
      if (isAccepting) {
        const asked = held.length + answers.length + 1;
        await connect().then(
          (connection) => ask(connection, "/slow"),
          () => {
            isAccepting = false;
          },
        );
        if (isAccepting) await until(() => held.length + answers.length === asked);
      }
      for (const response of held.splice(0)) answers.push(clock.sleep(2_500).then(() => void response.end("late")));
      await clock.advance(100);
    }
    await ending;
    expect(answers.length).toBeGreaterThan(10);
    expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual(5_000);
  });

  it("is over within ten seconds, whatever hangs: a request, the framework and the stores", async () => {
    const connection = await connect();
    ask(connection, "/slow");
    await until(() => held.length === 1);
    const never = () => new Promise<void>(() => {});
    const startMs = clock.monotonicMs();
    await clock.drive(end({ app: { ...app, close: never }, framework: { close: never } }));
    expect(clock.monotonicMs() - startMs).toBeLessThan(10_000);
    await connection.closed();
  });

  it("while it starts waits for the start, and closes all that was opened", async () => {
    const ending = end(
      null,
      clock.sleep(3_000).then(() => whole),
    );
    await clock.advance(2_900);
    expect(events).toEqual([]);
    await clock.drive(ending);
    expect(events).toEqual(["bye", "judged no more", "nothing waits", "framework closed", "stores closed", "ended"]);
  });

  it.each<[string, () => Promise<Opened>, number]>([
    ["that does not end within five seconds", () => new Promise(() => {}), 5_000],
    ["that fails", () => clock.sleep(2_000).then(() => Promise.reject(new Error("no disk"))), 2_100],
  ])("waits no longer for a start %s", async (_, opening, withinMs) => {
    const startMs = clock.monotonicMs();
    await clock.drive(end(null, opening()));
    expect(events).toEqual(["ended"]);
    expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual(withinMs);
  });

  it("is announced in one line of the log", async () => {
    said.length = 0;
    await clock.drive(end());
    expect(said).toEqual(["Stopping: requests under way are answered first."]);
  });

  it("takes a second without requests", async () => {
    const startMs = clock.monotonicMs();
    await clock.drive(end());
    expect(clock.monotonicMs() - startMs).toBeLessThan(2 * QUIET_MS + 100);
  });

  it("accepts new requests for as long as a balancer may take to notice", async () => {
    const ending = end();
    const once = () =>
      new Promise<number>((resolve, reject) => {
        request({ host: "127.0.0.1", port, path: "/", agent: false }, (response) =>
          resolve(response.resume().statusCode ?? 0),
        )
          .on("error", reject)
          .end();
      });
    for (let ms = 0; ms < NOTICE_MS - QUIET_MS; ms += QUIET_MS - 100) {
      expect(await once()).toBe(200);
      await clock.advance(QUIET_MS - 100);
    }
    await clock.advance(NOTICE_MS);
    await expect(once()).rejects.toThrow("ECONNREFUSED");
    await clock.drive(ending);
  });
});
