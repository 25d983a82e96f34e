import { describe, expect, it } from "vitest";
import type { Database, Statement } from "@/lib/adapters/postgres/drivers/database";
import { STATEMENT_PURPOSES, type StatementSample } from "@/lib/adapters/postgres/drivers/statement-stats";
import { Statements } from "@/lib/adapters/postgres/drivers/statements";
import { TierUnavailable } from "@/lib/ports/tier-unavailable";

type Rows = readonly object[];

/** Stands for any statement: the database of the test does not look at it. */
const SENT: Statement<Rows> = async () => [];

/** A database that gives these answers. */
const answering = (answer: () => Promise<Rows>): Database => ({
  driver: "pg",
  ask: <T>() => answer() as Promise<T>,
  close: async () => {},
});

/** A database that answers what the test puts here: rows, or what it fails with. */
function scripted(...answers: readonly (Rows | Error)[]) {
  const left = [...answers];
  return answering(async () => {
    const next = left.shift() ?? [];
    if (next instanceof Error) throw next;
    return next;
  });
}

describe("statements", () => {
  it("are counted by purpose, with rows, errors and times, and reported one by one", async () => {
    const samples: StatementSample[] = [];
    const statements = new Statements(
      scripted([{}, {}], new TierUnavailable("postgres", "the database answered 57P01"), [{}]),
      {
        onStatement: (sample) => samples.push(sample),
      },
    );
    await statements.run("contacts", SENT);
    await expect(statements.run("commit", SENT)).rejects.toMatchObject({
      name: "TierUnavailable",
      tier: "postgres",
    });
    await statements.run("contacts", SENT);
    const { byPurpose, lastError, driver } = statements.stats();
    expect(byPurpose.contacts).toMatchObject({ statements: 2, errors: 0, refused: 0, rows: 3 });
    expect(byPurpose.commit).toMatchObject({ statements: 1, errors: 1, rows: 0 });
    expect(byPurpose.contacts.maxMs).toBeGreaterThan(0);
    expect(samples.map(({ purpose, isError }) => [purpose, isError])).toEqual([
      ["contacts", false],
      ["commit", true],
      ["contacts", false],
    ]);
    expect([driver, lastError]).toEqual(["pg", "the database answered 57P01"]);
    expect(Object.keys(byPurpose)).toEqual([...STATEMENT_PURPOSES]);
  });

  it("count the time for which this process waited, and not the time for which it was busy", async () => {
    const busyMs = 200;
    const block = () => {
      for (const untilMs = performance.now() + busyMs; performance.now() < untilMs; ) Math.sqrt(2);
    };
    const answersAfter50Ms = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return [{}];
    };
    const statements = new Statements(answering(answersAfter50Ms));
    const answered = statements.run("contacts", SENT);
    block();
    await answered;
    const { waitedMs, maxMs } = statements.stats().byPurpose.contacts;
    const grown = () => statements.stats().byPurpose.contacts.waitedMs - waitedMs;
    expect(maxMs).toBeGreaterThanOrEqual(busyMs);
    expect(waitedMs).toBeLessThan(maxMs - busyMs + 50);
    // A machine that takes the core away for these 50 ms leaves the process nothing to wait for, so a few more are sent.
    const most = 20;
    for (let sent = 0; sent < most && grown() <= 30; sent += 1) await statements.run("contacts", SENT);
    expect(grown()).toBeGreaterThan(30);
  });

  it("report only the kind of a failure", async () => {
    const server = Object.assign(new Error('duplicate key "tm-secret"'), { severity: "ERROR", code: "23505" });
    const statements = new Statements(scripted(server, new TypeError("tm-secret is not a function")));
    await expect(statements.run("commit", SENT)).rejects.toBe(server);
    expect(statements.stats().lastError).toBe("the database answered 23505");
    await expect(statements.run("commit", SENT)).rejects.toThrow(TypeError);
    expect(statements.stats().lastError).toBe("TypeError");
  });
});

const down = () => new TierUnavailable("postgres", "the database does not answer");
const rolledBack = () =>
  new TierUnavailable("postgres", "the database answered 40001", {
    cause: Object.assign(new Error("x"), { severity: "ERROR", code: "40001" }),
  });

describe("the circuit breaker in front of the database", () => {
  function setUp(answers: () => Promise<Rows>) {
    const time = { nowMs: 0, asked: 0 };
    const db = answering(() => {
      time.asked += 1;
      return answers();
    });
    return { time, statements: new Statements(db, { now: () => time.nowMs, random: () => 0.999, readTimeoutMs: 20 }) };
  }

  it("opens after five failures in a row, asks nothing while it is open, and closes when the database is back", async () => {
    let answer: () => Promise<Rows> = () => Promise.reject(down());
    const { time, statements } = setUp(() => answer());
    for (let i = 0; i < 5; i += 1) {
      expect(statements.stats().circuit).toBe("closed");
      await expect(statements.run("commit", SENT)).rejects.toThrow("does not answer");
    }
    expect([statements.stats().circuit, time.asked]).toEqual(["open", 5]);
    await expect(statements.run("contacts", SENT)).rejects.toMatchObject({ name: "TierUnavailable", tier: "postgres" });
    expect([time.asked, statements.stats().byPurpose.contacts]).toMatchObject([5, { statements: 0, refused: 1 }]);
    answer = async () => [{}];
    time.nowMs = 500;
    expect(await statements.run("contacts", SENT)).toEqual([{}]);
    expect(statements.stats().circuit).toBe("closed");
  });

  it("lets one statement through as a probe, and waits longer each time that it fails", async () => {
    const { time, statements } = setUp(() => Promise.reject(down()));
    for (let i = 0; i < 5; i += 1) await statements.run("commit", SENT).catch(() => {});
    time.nowMs = 500;
    await Promise.allSettled(Array.from({ length: 10 }, () => statements.run("contacts", SENT)));
    expect(time.asked).toBe(6);
    time.nowMs = 1_000;
    await statements.run("contacts", SENT).catch(() => {});
    expect(time.asked).toBe(6);
  });

  it("stays closed while the database answers with errors: wrong statements, and locked rows", async () => {
    const errors = [...Array.from({ length: 10 }, rolledBack), new TypeError("ours"), down(), down(), down(), down()];
    const { statements } = setUp(() => Promise.reject(errors.shift()));
    while (errors.length > 0) await statements.run("commit", SENT).catch(() => {});
    expect(statements.stats().circuit).toBe("closed");
  });

  it("opens for a database that hangs, and each read waits no longer than its limit", async () => {
    const { time, statements } = setUp(() => new Promise(() => {}));
    for (let i = 0; i < 5; i += 1) await expect(statements.run("signals", SENT)).rejects.toThrow("within 20 ms");
    expect([statements.stats().circuit, time.asked]).toEqual(["open", 5]);
  });

  it("sends a read that failed once more, and a write never", async () => {
    const errors = [down()];
    const { time, statements } = setUp(async () => {
      const error = errors.shift();
      if (error) throw error;
      return [{}];
    });
    expect(await statements.run("contacts", SENT)).toEqual([{}]);
    expect(time.asked).toBe(2);
    errors.push(down());
    await expect(statements.run("commit", SENT)).rejects.toThrow("does not answer");
    expect(time.asked).toBe(3);
  });
});
