import { beforeEach, expect, it } from "vitest";
import { MemoryEventBus } from "@/lib/adapters/memory/memory-event-bus";
import type { Position, Sequence, TopicId, UserId } from "@/lib/core/ledger/ids";
import { Incidents } from "@/lib/engine/health/incidents";
import type { LiveHub } from "@/lib/engine/live/live-hub";
import { DefinitionsGeneration, followCommits, HeardCommits, renamedBy } from "@/lib/engine/reads/invalidate";
import type { L1Cache } from "@/lib/engine/reads/l1-cache";
import type { CommitEvent } from "@/lib/ports/shared/event-bus";
import type { ViewStore } from "@/lib/ports/store/view-store";
import { DrivenClock } from "../../../support/control/driven-clock";
import { quietLog } from "../../../support/quiet-log";

const TOPIC = "0.0.7" as TopicId;
const [ALICE, BOB, CARLA] = ["tm-alice", "tm-bob", "tm-carla"] as [UserId, UserId, UserId];

let calls: string[];
let logged: string[];
let bus: MemoryEventBus;
let incidents: Incidents;
let definitions: DefinitionsGeneration;
let told: HeardCommits;
let unfollow: () => void;

beforeEach(() => {
  [calls, logged] = [[], []];
  bus = new MemoryEventBus();
  incidents = new Incidents({ clock: new DrivenClock(), log: quietLog });
  [definitions, told] = [new DefinitionsGeneration(), new HeardCommits()];
  const l1 = {
    expire: (userId: UserId, kinds: readonly string[] = []) =>
      void calls.push(`expire ${[userId, ...kinds].join(" ")}`),
    expireAll: () => void calls.push("expire all"),
  } as unknown as L1Cache;
  const hub = {
    onCommit: ({ users }: CommitEvent) => void calls.push(`wake ${users.map(({ userId }) => userId)}`),
    onPeersChanged: (userId: UserId, peers: readonly UserId[]) => void calls.push(`rename ${peers} for ${userId}`),
    onMissed: () => void calls.push("look for missed commits"),
  } as unknown as LiveHub;
  unfollow = followCommits(
    { bus, l1, hub, incidents, log: { ...quietLog, info: (line) => void logged.push(line) } },
    definitions,
    told,
  );
});

const commit = (more: Partial<CommitEvent> = {}): CommitEvent => ({
  type: "commit",
  topicId: TOPIC,
  cursor: { from: 4, to: 6 },
  users: [{ userId: ALICE, head: 9 as Position, added: 2, peers: [BOB] }],
  renamed: [],
  definitionsChanged: false,
  ...more,
});
const through = (sequence: number) => new Map([[TOPIC, sequence as Sequence]]);

it("a commit expires the views of its users before it wakes their streams", async () => {
  await bus.publish(commit());
  expect(calls).toEqual([`expire ${ALICE}`, `wake ${ALICE}`]);
});

it("a new profile expires the views that show it, and tells their streams", async () => {
  await bus.publish(commit({ users: [], renamed: [{ userId: CARLA, peers: [BOB] }] }));
  expect(calls).toEqual([`expire ${CARLA} contacts circle mirror`, `rename ${BOB} for ${CARLA}`, "wake "]);
});

it("a commit counts as heard through its cursor, whichever order commits arrive in", async () => {
  await bus.publish(commit({ cursor: { from: 6, to: 8 } }));
  await bus.publish(commit({ cursor: { from: 4, to: 6 } }));
  expect(told.has(through(8))).toBe(true);
  expect(told.has(through(9))).toBe(false);
});

it("messages before the cursor do not move it", async () => {
  await bus.publish(commit({ cursor: null }));
  expect(told.has(through(1))).toBe(false);
  expect(calls).toContain(`expire ${ALICE}`);
});

it("changed definitions start a new generation of them", async () => {
  await bus.publish(commit());
  expect(definitions.value).toBe(0);
  await bus.publish(commit({ definitionsChanged: true }));
  expect(definitions.value).toBe(1);
});

it("invalidated views expire, and no stream wakes", async () => {
  await bus.publish({ type: "views-invalidated", userIds: [ALICE, BOB] });
  expect(calls).toEqual([`expire ${ALICE}`, `expire ${BOB}`]);
});

it("missed events expire everything, definitions too", async () => {
  await bus.publishMissed();
  expect(calls).toEqual(["expire all", "look for missed commits"]);
  expect(definitions.value).toBe(1);
});

it("the log says why everything is read again, and calls no event missed that was not", async () => {
  await bus.publishMissed(null, "invalidated");
  await bus.publishMissed(null, "resynced");
  await bus.publishMissed(null);
  await bus.newEpoch();
  expect(logged).toEqual([
    "an operator invalidated all views; everything kept is read again",
    "an operator resynced a topic; everything kept is read again",
    "commits had not been published at once; everything kept is read again",
    "positions began again; everything kept is read again",
  ]);
});

it("nothing is heard after the end", async () => {
  unfollow();
  await bus.publish(commit());
  expect(calls).toEqual([]);
});

it("people who show a changed profile are grouped by the person", async () => {
  const peersOf = async () => [
    { userId: BOB, peerId: ALICE },
    { userId: CARLA, peerId: ALICE },
    { userId: BOB, peerId: CARLA },
  ];
  expect(await renamedBy({ peersOf } as unknown as ViewStore, [BOB, CARLA])).toEqual([
    { userId: ALICE, peers: [BOB, CARLA] },
    { userId: CARLA, peers: [BOB] },
  ]);
});
