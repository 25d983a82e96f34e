import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromMs } from "@/lib/core/ledger/consensus-time";
import type { AccountId } from "@/lib/core/ledger/ids";
import { ConsensusClock } from "@/lib/devnet/ledger/consensus-clock";
import { createJournal, openJournal } from "@/lib/devnet/ledger/journal-file";
import { DevnetLedger } from "@/lib/devnet/ledger/ledger";
import { openLedger } from "@/lib/devnet/ledger/store";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "devnet-ledger-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const plain = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (_key, member: unknown) => (typeof member === "bigint" ? `${member}n` : member)));
const PAYER = "0.0.2" as AccountId;

describe("consensus time", () => {
  it("is unique and strictly rising, and nothing comes at or before a closed time", () => {
    const steps = fc.array(fc.oneof(fc.constant("next"), fc.constant("close"), fc.integer({ min: -5, max: 50 })));
    fc.assert(
      fc.property(steps, (all) => {
        let nowMs = 1_700_000_000_000;
        const clock = new ConsensusClock(() => nowMs, 0n);
        let lastNs = clock.lastNs as bigint;
        let lastMessageNs = 0n;
        for (const step of all) {
          if (typeof step === "number") nowMs += step;
          else if (step === "next") {
            const ns = clock.next();
            expect(ns > lastNs).toBe(true);
            lastNs = lastMessageNs = ns;
          } else {
            const ns = clock.close();
            expect(ns >= lastNs && ns >= lastMessageNs).toBe(true);
            lastNs = ns;
          }
        }
      }),
    );
  });

  it("goes on after what is on disk, and after what may have been reported before a restart", () => {
    expect(new ConsensusClock(() => 1_000, fromMs(5_000)).next() > fromMs(5_000)).toBe(true);
    expect(new ConsensusClock(() => 5_000, 0n).next() > fromMs(5_000)).toBe(true);
  });
});

describe("the journal", () => {
  const linesOf = (path: string) => {
    const lines: unknown[] = [];
    openJournal(path, (value) => lines.push(value)).close();
    return lines;
  };

  it("drops a torn last line, and writes after it", () => {
    const path = join(dir, "j");
    createJournal(path, ['{"a":1}', '{"a":"ü"}']);
    appendFileSync(path, '{"a":"ü');
    const lines: unknown[] = [];
    const journal = openJournal(path, (value) => lines.push(value));
    journal.append(['{"a":3}']);
    journal.close();
    expect(lines).toEqual([{ a: 1 }, { a: "ü" }]);
    expect(linesOf(path)).toEqual([{ a: 1 }, { a: "ü" }, { a: 3 }]);
  });

  it("has its lines on the disk before anybody is told of them", () => {
    const path = join(dir, "j");
    const onDisk: string[] = [];
    const journal = openJournal(
      path,
      () => {},
      () => void onDisk.push(readFileSync(path, "utf8")),
    );
    journal.append(['{"a":1}', '{"a":2}']);
    expect(onDisk).toEqual(['{"a":1}\n{"a":2}\n']);
    journal.append([]);
    journal.append(['{"a":3}']);
    expect(onDisk).toHaveLength(2);
    journal.close();
  });

  it("drops a message that its disk did not take, and says so", () => {
    const path = join(dir, "j");
    let isFull = false;
    const journal = openJournal(
      path,
      () => {},
      () => {
        if (isFull) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
      },
    );
    const ledger = new DevnetLedger(new ConsensusClock(() => 1_000, 0n), (lines) => journal.append(lines));
    const { id: topicId } = ledger.createTopic();
    const submit = () => ledger.submit([{ topicId, bytes: new Uint8Array(9), payer: "0.0.2" as AccountId }]);
    submit();
    const before = readFileSync(path, "utf8");
    isFull = true;
    expect(submit).toThrow(/cannot write its journal .* \(ENOSPC\): make room/);
    expect([readFileSync(path, "utf8"), ledger.topic(topicId).messages.length]).toEqual([before, 1]);
    isFull = false;
    expect(submit()).toMatchObject([{ sequence: 2 }]);
    journal.close();
  });

  it("reads every prefix of itself as a prefix of its lines", () => {
    const path = join(dir, "j");
    createJournal(path, ['{"n":1}', '{"n":2}', '{"n":3}']);
    const whole = readFileSync(path);
    for (let bytes = 0; bytes <= whole.length; bytes++) {
      writeFileSync(path, whole.subarray(0, bytes));
      expect(linesOf(path)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }].slice(0, Math.floor(bytes / 8)));
    }
  });

  it("does not pass over damage in the middle", () => {
    const path = join(dir, "j");
    writeFileSync(path, '{"a":1}\n{"a":\n{"a":3}\n');
    expect(() => linesOf(path)).toThrow(/damaged at line 2/);
  });
});

describe("the ledger on disk", () => {
  const open = (seed: ((ledger: DevnetLedger) => string) | null = () => "world") =>
    openLedger<string>({ dataDir: dir, nowMs: () => 1_700_000_000_000, seed });

  it("comes back as it was", () => {
    const first = open();
    const topic = first.ledger.createTopic({ memo: "m" });
    first.ledger.submit([
      { topicId: topic.id, bytes: Buffer.from("a"), payer: PAYER, transaction: "0.0.2@1.000000000" },
      { topicId: topic.id, bytes: Buffer.from([0xff, 0]), payer: PAYER },
    ]);
    const before = plain([...first.ledger.topics]);
    first.close();

    const second = open(null);
    expect(second.world).toBe("world");
    expect(plain([...second.ledger.topics])).toEqual(before);
    expect(second.transactions.get("0.0.2@1.000000000")).toEqual({ topicId: topic.id, sequence: 1 });
    const [next] = second.ledger.submit([{ topicId: topic.id, bytes: Buffer.from("c"), payer: PAYER }]);
    expect(next?.sequence).toBe(3);
    expect(second.ledger.createTopic().id).not.toBe(topic.id);
    second.close();
  });

  it("is seeded whole or not at all", () => {
    expect(() =>
      open((ledger) => {
        ledger.createTopic();
        throw new Error("power cut");
      }),
    ).toThrow("power cut");
    const after = open();
    expect(after.ledger.topics.size).toBe(0);
    expect(after.world).toBe("world");
    after.close();
  });

  it("refuses times that do not rise and messages that do not fit", () => {
    const { ledger, close } = open();
    const { id } = ledger.createTopic();
    const [one] = ledger.submit([{ topicId: id, bytes: Buffer.from("a"), payer: PAYER }]);
    const early = {
      topicId: id,
      bytes: Buffer.from("b"),
      payer: PAYER,
      ...(one ? { consensusNs: one.consensusNs } : {}),
    };
    expect(() => ledger.submit([early])).toThrow("rise strictly");
    expect(() => ledger.submit([{ topicId: id, bytes: Buffer.alloc(1025), payer: PAYER }])).toThrow("at most 1024");
    close();
  });
});
