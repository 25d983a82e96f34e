/** The part that events about topics play in their syncs. */
import { expect, it } from "vitest";
import { MemoryEventBus } from "@/lib/adapters/memory/memory-event-bus";
import type { TopicId } from "@/lib/core/ledger/ids";
import { type FollowTopicsDeps, followTopics } from "@/lib/engine/live/follow-topics";

it("tells a topic's sync where a commit brought the topic, and nothing of messages behind the cursor", async () => {
  const topicId = "0.0.1001" as TopicId;
  const bus = new MemoryEventBus();
  const told: number[] = [];
  const syncs = new Map([[topicId, { noteCursor: (cursor: number) => told.push(cursor) }]]);
  const rates = { moved: () => {} };
  followTopics({ bus, scheduler: { syncs }, rates } as unknown as FollowTopicsDeps);
  const commit = { type: "commit", topicId, users: [], renamed: [], definitionsChanged: false } as const;
  await bus.publish({ ...commit, cursor: { from: 3, to: 7 } });
  await bus.publish({ ...commit, cursor: null });
  await bus.publish({ ...commit, topicId: "0.0.1" as TopicId, cursor: { from: 0, to: 1 } });
  expect(told).toEqual([7]);
});
