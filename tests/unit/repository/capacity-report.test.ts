import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEFAULT_INPUTS, PLAN_SCALES } from "@/lib/core/capacity/inputs";
import { SET_UP_NAMES } from "@/lib/core/capacity/set-ups/set-ups";
import { UNIT_FIGURES } from "@/lib/core/capacity/unit-figures";
import { loopback } from "@/scripts/develop/load/client";
import { compare } from "@/scripts/develop/load/compare";
import { inputsOf, type LoadPlan, objections, ratesOf } from "@/scripts/develop/load/load-plan";
import { Progress } from "@/scripts/develop/load/progress";
import { figuresTable, pricesTable } from "@/scripts/operator/capacity/figures";
import { report } from "@/scripts/operator/capacity/report";
import { bytes, columns, count, dollars } from "@/scripts/operator/capacity/words";
import { sourcesUnder } from "../../support/repository/source";

describe("docs/capacity.md", () => {
  const page = readFileSync("docs/capacity.md", "utf8");

  it.each([
    ["the tables as npm run capacity prints them", report(DEFAULT_INPUTS, PLAN_SCALES, SET_UP_NAMES)],
    ["the unit figures", figuresTable()],
    ["the prices", pricesTable()],
  ])("contains %s (else print them again)", (_, table) => {
    expect(page).toContain(table);
  });
});

describe("unit figures", () => {
  it("come from rows of the bench", () => {
    const bench = sourcesUnder(["bench"], () => false)
      .map(({ text }) => text)
      .join("\n");
    for (const { row } of Object.values(UNIT_FIGURES)) expect([row, bench.includes(`"${row}"`)]).toEqual([row, true]);
  });
});

describe("numbers", () => {
  it.each([
    [count(1_750_000), "1.75 M"],
    [count(2_025.46), "2,025"],
    [count(0.25), "0.25"],
    [count(0), "0"],
    [bytes(4.9875e9), "4.99 GB"],
    [bytes(0), "none"],
    [dollars(42_000.4), "$42,000"],
  ])("read %s", (text, expected) => {
    expect(text).toBe(expected);
  });

  it("are aligned", () => {
    expect(
      columns([
        ["a", "1"],
        ["long", "100"],
      ]),
    ).toBe("a        1\nlong   100");
  });
});

describe("a load run", () => {
  const plan: LoadPlan = {
    users: 200,
    seconds: 60,
    factor: 20,
    signalsPerUserDay: 175,
    readsPerUserDay: 100,
    openPageShare: 0.05,
    ownWriteShare: 0.1,
    contactsPerUser: 10,
  };

  it("has the model's rates times its factor, and the model's number of open pages", () => {
    const rates = ratesOf(plan);
    expect(rates.messages).toBeCloseTo((200 * 175 * 20) / 86_400, 9);
    expect(rates.reads).toBeCloseTo((200 * 100 * 20) / 86_400, 9);
    expect(rates.streams).toBe(10);
    const inputs = inputsOf(plan, { instances: 1, mirrorMs: 5 });
    expect([inputs.signalsPerUserDay, inputs.readsPerUserDay, inputs.openPageShare]).toEqual([3_500, 2_000, 0.05]);
  });

  it("is refused with a remedy if one machine cannot drive it", () => {
    expect(objections(plan)).toEqual([]);
    expect(objections({ ...plan, users: 6_000 })[0]).toContain("take fewer users");
    expect(objections({ ...plan, factor: 2_000 }).join()).toContain("lower --factor");
    expect(objections({ ...plan, seconds: 1e6 })[0]).toContain("run shorter");
  });

  it.each([
    "http://example.com",
    "http://127.0.0.1.example.com",
    "http://10.0.0.1:3000",
    "ftp://127.0.0.1",
    "localhost",
  ])("does not touch %s", (url) => {
    expect(() => loopback("--url", url)).toThrow("this machine");
  });

  it.each(["http://127.0.0.1:3000", "http://localhost:3000/", "http://[::1]:3000"])("may drive %s", (url) => {
    expect(loopback("--url", url)).toBe(new URL(url).origin);
  });

  it("is compared figure by figure, and names uncounted figures", () => {
    const inputs = inputsOf(plan, { instances: 1, mirrorMs: 5 });
    const nothing = { messages: 100, redisCommands: null, sqlStatements: 0, mirrorRequests: 0 };
    const messages = Math.round(ratesOf(plan).messages * 60 * 1.1);
    const after = { messages: 100 + messages, redisCommands: null, sqlStatements: 0, mirrorRequests: 0 };
    const found = Object.fromEntries(compare(inputs, 1, 60, nothing, after).map((one) => [one.name, one]));
    expect(found.messages?.error).toBeCloseTo(0.1, 2);
    expect(found.redisCommands).toMatchObject({ measured: null, error: null });
    expect(found.sqlStatements?.error).toBe(-1);
  });
});

describe("progress", () => {
  const shown = (isTTY: boolean) => {
    let text = "";
    let nowMs = 10_000;
    const progress = new Progress({ isTTY, write: (more: string) => (text += more) }, () => nowMs);
    for (let step = 1; step <= 4; step += 1) {
      progress.show("driving", step / 4, `${step} messages`);
      nowMs += 1_000;
    }
    progress.end();
    return text;
  };

  it("is one line with a bar on a terminal", () => {
    expect(shown(true).split("\n")).toHaveLength(2);
    expect(shown(true)).toContain(`[${"#".repeat(12)}${"-".repeat(12)}]  50 %  2 messages`);
  });

  it("is a few plain lines without a terminal, the last one at the end", () => {
    expect(shown(false)).toBe("driving 25 %: 1 messages\ndriving 100 %: 4 messages\n");
  });
});
