import { expect, it } from "vitest";
import { AdminStatus, OperatorLogAnswer } from "@/lib/wire/operators/admin";
import { ShardStatus, ShardsAnswer } from "@/lib/wire/operators/shards";
import { shardLog, shardsAnswer } from "@/tests/support/samples/admin-shards";
import { adminStatus } from "@/tests/support/samples/admin-status";

it("the sample status of the browser tests matches the schema", () => {
  for (const step of [0, 3]) {
    const status = adminStatus({ topics: 64, instances: 5, step });
    expect(AdminStatus.parse(status)).toEqual(status);
  }
});

it("the sample shards of the browser tests match the schema, one for each topic", () => {
  const answer = shardsAnswer();
  expect(ShardsAnswer.parse(answer)).toEqual(answer);
  expect(OperatorLogAnswer.parse(shardLog())).toEqual(shardLog());
  const topicIds = answer.shards.flatMap(({ topicId }) => topicId ?? []);
  expect(topicIds).toEqual(adminStatus({ topics: 64 }).topics.map(({ topicId }) => topicId));
  expect(new Set(answer.shards.map(({ state }) => state))).toEqual(new Set(ShardStatus.shape.state.options));
});
