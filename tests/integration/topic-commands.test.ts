/** `npm run -s topic:verify` and `topic:decode`, as a person runs them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { formatConsensusTime } from "@/lib/core/consensus-time";
import { startDevnet } from "@/lib/devnet/devnet";
import type { LedgerMessage } from "@/lib/ports/ledger";
import { chainOf, chunked } from "../support/chain";

const VECTORS = "tests/fixtures/vectors";
const directory = mkdtempSync(join(tmpdir(), "tm-topic-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(name: "verify" | "decode", args: readonly string[], input?: string, env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", `scripts/topic-${name}.ts`, ...args],
    {
      encoding: "utf8",
      input: input ?? "",
      env: { ...process.env, ...env },
    },
  );
  const lines = stdout.split("\n").filter((line) => line !== "");
  return { status, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>), stderr };
}

/** Messages as the mirror writes them. */
const mirrorJson = (messages: readonly LedgerMessage[]) => ({
  messages: messages.map(
    ({ topicId, sequence, consensusNs, payer, message, runningHash, runningHashVersion, chunk }) => ({
      chunk_info: chunk && {
        initial_transaction_id: { account_id: payer, nonce: 0, scheduled: false, transaction_valid_start: chunk.key },
        number: chunk.number,
        total: chunk.total,
      },
      consensus_timestamp: formatConsensusTime(consensusNs),
      message: Buffer.from(message).toString("base64"),
      payer_account_id: payer,
      running_hash: runningHash && Buffer.from(runningHash).toString("base64"),
      running_hash_version: runningHashVersion,
      sequence_number: sequence,
      topic_id: topicId,
    }),
  ),
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

  it("names what is wrong, in whatever order the mirror was asked", () => {
    const chain = chainOf("0.0.77", requests);
    const tampered = chain.map((message) =>
      message.sequence === 3 ? { ...message, message: Buffer.from("{}") } : message,
    );
    const withGap = tampered.filter(({ sequence }) => sequence !== 4).reverse();
    const { lines } = run("verify", [file("tampered.json", mirrorJson(withGap))]);
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
      const child = spawn(process.execPath, ["--import", "tsx", "scripts/topic-verify.ts", devnet.topics.contact], {
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

  it("says in a sentence what it cannot read", () => {
    for (const [args, input] of [
      [["nowhere.json"], ""],
      [[], "<html>"],
      [[], '{"messages":[{"sequence_number":1}]}'],
    ] as const) {
      const { status, stderr } = run("verify", args, input);
      expect(status).toBe(2);
      expect(stderr).not.toContain("    at ");
      expect(stderr.trim().length).toBeGreaterThan(20);
    }
  });
});

describe("topic:decode", () => {
  it("gives signals and reasons, with chunks put together", () => {
    const note = "n".repeat(200);
    const pieces = [
      { body: { hcs: "21", type: 3, from: "tm-a", payload: { target: "tm-b", weight: 2 } } },
      ...chunked({ type: "CONTACT_REQUEST", from: "tm-a", to: "tm-b", note }, "1.000000001", 100),
      { body: "poison" },
    ];
    const { lines, status } = run("decode", [file("topic.json", mirrorJson(chainOf("0.0.78", pieces)))]);
    expect(status).toBe(0);
    expect(lines).toMatchObject([
      { sequence: 1, signal: { type: "TRUST_ALLOCATE", actor: "tm-a", target: "tm-b", weight: 2, id: "0.0.78/1" } },
      { sequence: 4, signal: { type: "CONTACT_REQUEST", metadata: { note } } },
      { sequence: 5, undecodable: "not-an-object" },
    ]);
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
