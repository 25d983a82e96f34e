/** `npm run -s topic:verify` and `topic:decode`, as a person runs them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { startDevnet } from "@/lib/devnet/devnet";
import { bundleOf } from "../../../support/fleet/processes/bundle";
import { chainOf, chunked } from "../../../support/mirrors/chain";
import { mirrorJson } from "../../../support/mirrors/mirror-json";
import { MIRROR_PAGES } from "../../../support/mirrors/mirror-pages";
import { signalBatch } from "../../../support/worlds/histories/signal-batch";

const VECTORS = "tests/fixtures/vectors";
const directory = mkdtempSync(join(tmpdir(), "tm-topic-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Input = string | Uint8Array;

const programs = new Map<string, string>();
beforeAll(async () => {
  for (const name of ["verify", "decode"]) programs.set(name, await bundleOf(`scripts/operator/topic-${name}.ts`));
});

function run(name: "verify" | "decode", args: readonly string[], input: Input = "", env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [programs.get(name) as string, ...args], {
    encoding: "utf8",
    input,
    env: { ...process.env, ...env },
  });
  const lines = stdout.split("\n").filter((line) => line !== "");
  return { status, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>), stderr };
}

const mirrorPage = (messages: readonly LedgerMessage[]) => ({
  messages: messages.map(mirrorJson),
  links: { next: null },
});
const file = (name: string, content: unknown) => {
  const path = join(directory, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
};
const requests = Array.from({ length: 5 }, (_, i) => ({
  body: { type: "CONTACT_REQUEST", from: `tm-${i}`, to: "tm-x" },
}));

describe("topic:verify", () => {
  it.each([
    [
      "0.0.4603900",
      [
        [1, "verified"],
        [2, "verified"],
        [3, "verified"],
      ],
    ],
    [
      "0.0.642394",
      [
        [5, "unverifiable"],
        [6, "verified"],
      ],
    ],
  ] as const)("walks the recorded chain of %s, from a file and from standard input", (topic, expected) => {
    const path = `${VECTORS}/running-hash/${topic}.json`;
    for (const { lines, status } of [
      run("verify", [path]),
      run("verify", [], readFileSync(path, "utf8")),
      run("verify", ["-"], readFileSync(path, "utf8")),
    ]) {
      expect(status).toBe(0);
      expect(lines.map(({ sequence, status: verdict }) => [sequence, verdict])).toEqual(expected);
    }
  });

  it("reports failed and unverifiable messages, whatever the order of the page", () => {
    const chain = chainOf("0.0.77", requests);
    const tampered = chain.map((message) =>
      message.sequence === 3 ? { ...message, message: Buffer.from("{}") } : message,
    );
    const withGap = tampered.filter(({ sequence }) => sequence !== 4).reverse();
    const { lines, status, stderr } = run("verify", [file("tampered.json", mirrorPage(withGap))]);
    expect(status).toBe(1);
    expect(stderr).toBe("4 messages of 1 topic: 2 verified, 1 unverifiable, 1 failed.\n");
    expect(lines).toEqual([
      { sequence: 1, status: "verified" },
      { sequence: 2, status: "verified" },
      { sequence: 3, status: "failed", reason: "hash-mismatch" },
      { sequence: 5, status: "unverifiable", reason: "no-predecessor" },
    ]);
  });

  it("fetches a topic by its id", async () => {
    const devnet = await startDevnet({ grpc: false });
    try {
      devnet.submitMany(
        devnet.topics.contact,
        requests.map(({ body }) => body),
      );
      // The devnet is in this process: the command must not block it.
      const { spawn } = await import("node:child_process");
      const child = spawn(process.execPath, [programs.get("verify") as string, devnet.topics.contact], {
        env: { ...process.env, MIRROR_URL: devnet.restUrl },
      });
      let output = "";
      child.stdout.on("data", (data: Buffer) => (output += data.toString()));
      await new Promise((resolve) => child.once("exit", resolve));
      expect(output.trim().split("\n")).toHaveLength(5);
      expect(output).not.toMatch(/failed|unverifiable/);
    } finally {
      await devnet.stop();
    }
  });

  const [message] = chainOf("0.0.77", requests).map(mirrorJson);
  const path = `${VECTORS}/running-hash/0.0.4603900.json`;
  const recorded = readFileSync(path, "utf8");

  it.each([
    [
      "a file that is not there",
      ["nowhere.json"],
      "",
      "nowhere.json is not a topic id (0.0.<number>), and no file here",
    ],
    ["a folder", ["."], "", ". is a folder: name a file in it."],
    ["a page without messages", [], '{"messages":[]}', "standard input holds no message."],
    [
      "nothing",
      [],
      "",
      "standard input is empty: it must hold the mirror's JSON. Pipe a page of messages into the command, or name a topic or a file.",
    ],
    ["HTML", [], "<html>", "standard input is not JSON in the mirror's shape"],
    ["a message without a topic", [], '{"messages":[{"sequence_number":1}]}', "message 1 has no topic_id"],
    ["a message without a number", [], '{"messages":[{"topic_id":"0.0.7"}]}', "message 1 has no sequence_number"],
    [
      "text instead of bytes",
      [],
      JSON.stringify({ ...message, message: "Hello!" }),
      "not base64. Pages fetched with encoding=utf-8",
    ],
    ["another encoding", [], Buffer.from([0x22, 0xe4, 0x22]), "standard input is not text in UTF-8"],
    ["half a character of UTF-16", [], Buffer.from([0xff, 0xfe, 0x22, 0x00, 0x00, 0xd8]), "is not text in UTF-16LE"],
  ])("says in a sentence that it cannot read %s", (_, args, input, sentence) => {
    const { status, stderr, lines } = run("verify", args, input);
    expect([status, lines]).toEqual([2, []]);
    expect(stderr).not.toContain("    at ");
    expect(stderr).toContain(sentence);
  });

  it.each([
    ["UTF-8 with a byte order mark", Buffer.from(`\ufeff${recorded}`)],
    ["UTF-16", Buffer.from(`\ufeff${recorded}`, "utf16le")],
    ["UTF-16, big-endian", Buffer.from(`\ufeff${recorded}`, "utf16le").swap16()],
    ["UTF-16 without a byte order mark", Buffer.from(recorded, "utf16le")],
  ])("reads %s", (_, input) => {
    const { status, stderr } = run("verify", [], input);
    expect([status, stderr]).toEqual([0, "3 messages of 1 topic: 3 verified, 0 unverifiable, 0 failed.\n"]);
  });

  it("fails a message that it cannot read, and goes on", () => {
    const [first, second] = chainOf("0.0.77", requests).map(mirrorJson);
    const { status, lines } = run("verify", [], JSON.stringify([{ ...first, consensus_timestamp: null }, second]));
    expect(status).toBe(1);
    expect(lines).toEqual([
      { sequence: 1, status: "failed", reason: "bad-time" },
      { sequence: 2, status: "verified" },
    ]);
  });

  it("refuses a mirror's address with a query, and does not repeat it", () => {
    const { status, stderr } = run("verify", ["0.0.7"], "", { MIRROR_URL: "https://mirror.test/?key=s3cret" });
    expect(status).toBe(2);
    expect(stderr).toContain("MIRROR_URL holds an address that has a query");
    expect(stderr).not.toContain("s3cret");
  });
});

describe("topic:decode", () => {
  it("gives signals and reasons, with chunks put together", () => {
    const note = "n".repeat(200);
    const pieces = [
      { body: { hcs: "21", type: 3, from: "tm-a", payload: { target: "tm-b", weight: 2 } } },
      ...chunked({ type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b", note }, "1.000000001", 100),
      { body: "poison" },
      {
        body: signalBatch([
          { type: "CONTACT_ACCEPT", from: "tm-b", to: "tm-a" },
          { type: "PROFILE_UPDATE", from: "tm-b" },
        ]),
      },
    ];
    const { lines, status } = run("decode", [file("topic.json", mirrorPage(chainOf("0.0.78", pieces)))]);
    expect(status).toBe(0);
    expect(lines).toMatchObject([
      { sequence: 1, signal: { type: "TRUST_ALLOCATE", actor: "tm-a", target: "tm-b", weight: 2, id: "0.0.78/1" } },
      { sequence: 4, signal: { type: "CONTACT_REQUEST", metadata: { note } } },
      { sequence: 5, undecodable: "not-an-object" },
      { sequence: 6, signal: { type: "CONTACT_ACCEPT", actor: "tm-b", target: "tm-a", id: "0.0.78/6" } },
      { sequence: 6, signal: { type: "PROFILE_UPDATE", actor: "tm-b", id: "0.0.78/6/1" } },
    ]);
  });

  it("judges every page as the app does", () => {
    const messages = MIRROR_PAGES.flatMap(({ name, page }, i) =>
      page.messages.map((message) => ({ ...message, topic_id: `0.0.${1_000 + i}`, name })),
    );
    const { lines, status } = run("decode", [], JSON.stringify(messages));
    expect(status).toBe(0);
    // The command checks no payers, and prints no incomplete chunks.
    const known = {
      signal: "signal",
      untrusted: "signal",
      undecodable: "undecodable",
      failed: "failed",
      unproven: "signal",
    } as const;
    const expected = MIRROR_PAGES.flatMap(({ page, expect: fates }) =>
      fates.flatMap(({ disposition }, i) =>
        disposition === "part" ? [] : [`${String(page.messages[i]?.sequence_number)} ${known[disposition]}`],
      ),
    );
    const told = lines.map((line) => `${line.sequence} ${Object.keys(line).at(1)}`);
    expect(told.sort()).toEqual(expected.sort());
  });

  it("passes the given cases, and reports each mismatch with exit status 1", () => {
    const given = run("decode", ["--cases", `${VECTORS}/envelopes.json`]);
    expect(given).toMatchObject({ status: 0, lines: [{ mismatches: 0 }] });
    const wrong = {
      cases: [
        { name: "right", message: { type: "A", actor: "x" }, expect: { type: "A" } },
        { name: "wrong type", message: { type: "A", actor: "x" }, expect: { type: "B" } },
        { name: "decodes after all", message: { type: "A", actor: "x" }, expect: { undecodable: "no-actor" } },
      ],
    };
    const { status, lines } = run("decode", ["--cases", file("cases.json", wrong)]);
    expect(status).toBe(1);
    expect(lines.map(({ name }) => name)).toEqual(["wrong type", "decodes after all", undefined]);
    expect(lines.at(-1)).toMatchObject({ cases: 3, passed: 1, mismatches: 2 });
  });
});
