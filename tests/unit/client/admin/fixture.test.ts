import { expect, it } from "vitest";
import { AdminStatus, AuditLogAnswer } from "@/lib/wire/admin";
import { ShardStatus, ShardsAnswer } from "@/lib/wire/shards";
import { shardLog, shardsAnswer } from "@/tests/support/samples/admin-shards";
import { adminStatus } from "@/tests/support/samples/admin-status";

it("the status that browser tests are shown is one that the server could answer", () => {
  for (const step of [0, 3]) {
    const status = adminStatus({ topics: 64, instances: 5, step });
    expect(AdminStatus.parse(status)).toEqual(status);
  }
});

it("the shards that browser tests are shown are ones that the server could answer, one for each topic", () => {
  const answer = shardsAnswer();
  expect(ShardsAnswer.parse(answer)).toEqual(answer);
  expect(AuditLogAnswer.parse(shardLog())).toEqual(shardLog());
  const topicIds = answer.shards.flatMap(({ topicId }) => topicId ?? []);
  expect(topicIds).toEqual(adminStatus({ topics: 64 }).topics.map(({ topicId }) => topicId));
  expect(new Set(answer.shards.map(({ state }) => state))).toEqual(new Set(ShardStatus.shape.state.options));
});
