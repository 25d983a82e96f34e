/** The devnet as a process of its own: it starts, says where it is, keeps what it knows, and leaves with its parent. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startDevnet } from "@/lib/devnet/devnet";
import type { DevnetMessage } from "@/lib/devnet/ledger/types";
import { spawnDevnet } from "@/lib/devnet/spawn";

let dataDir: string;
const running: { stop(): Promise<void> }[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "devnet-process-"));
});
afterEach(async () => {
  for (const devnet of running.splice(0)) await devnet.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const started = async <D extends { stop(): Promise<void> }>(starting: Promise<D>): Promise<D> => {
  const devnet = await starting;
  running.push(devnet);
  return devnet;
};
const lastOf = async (restUrl: string, topicId: string) => {
  const response = await fetch(`${restUrl}/api/v1/topics/${topicId}/messages?order=desc&limit=1`);
  return ((await response.json()) as { messages: Record<string, unknown>[] }).messages[0];
};

describe("spawnDevnet", () => {
  it("starts a seeded devnet and names its addresses", async () => {
    const devnet = await started(spawnDevnet({ dataDir, trickleMs: 0 }));
    expect(devnet.people).toHaveLength(200);
    expect(devnet.people[0]).toEqual({ userId: "tm-alex-chen", name: "Alex Chen" });
    expect(devnet.operatorId).toBe("0.0.2");
    for (const address of [devnet.nodeAddress, devnet.mirrorGrpcAddress]) expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    const last = await lastOf(devnet.restUrl, devnet.topics.contact);
    expect(last?.sequence_number).toBeGreaterThan(3_000);
  });

  it("keeps all messages over a restart", async () => {
    const first = await spawnDevnet({ dataDir, people: 20, trickleMs: 0 });
    const post = { method: "POST", headers: { "content-type": "application/json" } };
    const body = JSON.stringify({ topicId: first.topics.trust, message: "kept" });
    await fetch(`${first.restUrl}/devnet/submit`, { ...post, body });
    const before = await lastOf(first.restUrl, first.topics.trust);
    await first.stop();
    const second = await started(spawnDevnet({ dataDir, people: 20, trickleMs: 0 }));
    expect(second.ledgerId).toBe(first.ledgerId);
    const other = await started(startDevnet({ people: 20, grpc: false }));
    expect(other.ledgerId).not.toBe(first.ledgerId);
    expect(second.topics).toEqual(first.topics);
    expect(second.people).toEqual(first.people);
    expect(await lastOf(second.restUrl, second.topics.trust)).toEqual(before);
    expect(Buffer.from(String(before?.message), "base64").toString()).toBe("kept");
  });

  it("says in a sentence why it did not start", async () => {
    await started(startDevnet({ dataDir, grpc: false }));
    await expect(spawnDevnet({ dataDir })).rejects.toThrow(
      `The local Hedera (devnet) did not start: the devnet directory ${dataDir} is in use by process ${process.pid}`,
    );
    await expect(spawnDevnet({ dataDir: "/proc/foo/devnet" })).rejects.toThrow(
      /^The local Hedera \(devnet\) did not start: the devnet directory \S+ cannot be written \(E[A-Z]+\): give this process the right/,
    );
    await expect(spawnDevnet({ dataDir, rootDir: dataDir })).rejects.toThrow(
      /is not part of what is deployed: set HEDERA_NETWORK to/,
    );
  });

  it("reports when the process ends by itself", async () => {
    let onExit: (reason: string) => void = () => {};
    const ended = new Promise<string>((resolve) => {
      onExit = resolve;
    });
    const devnet = await started(spawnDevnet({ dataDir, people: 2, grpc: false, onExit }));
    process.kill(devnet.pid, "SIGKILL");
    expect(await ended).toContain("SIGKILL");
  });
});

it("a devnet process ends when its parent has ended", async () => {
  const child = fork("lib/devnet/main.ts", ["--seed", "2", "--no-grpc"], { execArgv: ["--import", "tsx"] });
  await once(child, "message");
  child.disconnect();
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
});

it("a devnet goes on after Ctrl-C, which a terminal sends to a whole group: the app still needs it", async () => {
  const app = fork("tests/support/servers/devnet-parent.ts", [dataDir], {
    ...{ detached: true, execArgv: ["--import", "tsx"] },
  });
  const [{ restUrl, topic }] = await once(app, "message");
  const noticed = once(app, "message");
  process.kill(-(app.pid as number), "SIGINT");
  expect(await noticed).toEqual(["Ctrl-C", undefined]);
  expect(await lastOf(restUrl, topic)).toBeDefined();
  app.disconnect();
  await once(app, "exit");
});

describe("the trickle", () => {
  it("makes plausible messages, and answers demo people who write", async () => {
    let nowMs = 1_760_000_000_000;
    const devnet = await started(startDevnet({ people: 60, grpc: false, now: () => nowMs }));
    const main = "tm-alex-chen";
    const payload = (message: Uint8Array) => JSON.parse(Buffer.from(message).toString());
    const made = Array.from({ length: 300 }, () => {
      nowMs += 4_000;
      return devnet.trickle();
    }).flat();
    expect(made.length).toBeGreaterThan(250);
    expect(new Set(made.map((message) => message.topicId)).size).toBe(4);
    const texts = made.map((message) => JSON.stringify(payload(message.bytes)));
    // Twenty minutes: about twenty things for the first person, none in their name.
    const concerning = texts.filter((text) => text.includes(`"${main}"`));
    expect(concerning.length).toBeGreaterThan(8);
    expect(concerning.length).toBeLessThan(45);
    expect(texts.filter((text) => /"(from|actor)":"tm-alex-chen"/.test(text))).toEqual([]);

    const contacts = devnet.ledger
      .topic(devnet.topics.contact)
      .messages.map(({ bytes }) => Buffer.from(bytes).toString());
    const knowsAlex = (id: string) => contacts.some((text) => text.includes(`"${main}"`) && text.includes(`"${id}"`));
    const stranger = devnet.people.find(({ userId }) => !knowsAlex(userId))?.userId;
    if (!stranger) throw new Error("Alex knows everybody");
    devnet.submit(devnet.topics.contact, { type: "CONTACT_REQUEST", from: main, payload: { target: stranger } });
    const accepts = ({ topicId, bytes }: DevnetMessage) =>
      topicId === devnet.topics.contact && JSON.stringify(payload(bytes)).includes(`"${main}"`);
    let answers: DevnetMessage[] = [];
    // Somebody who was just asked answers within a minute.
    for (let i = 0; i < 15 && answers.length === 0; i++) {
      nowMs += 4_000;
      answers = devnet.trickle().filter((message) => accepts(message) && writer(payload(message.bytes)) === stranger);
    }
    expect(answers).toHaveLength(1);
  });
});

/** The writer of a contact message, in any of its forms. */
function writer(body: { from?: string | { acct: string }; actor?: string; actors?: { from: string } }): unknown {
  const from = body.actors?.from ?? body.from ?? body.actor;
  return typeof from === "object" ? from.acct : from;
}
