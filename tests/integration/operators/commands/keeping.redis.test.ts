/** Asks a real Redis how it keeps its keys, with the command that the app sends. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { readKeeping } from "@/lib/adapters/redis/keeping";
import { type RedisServer, startRedis } from "../../../support/servers/redis-server";
import { RespConnection } from "../../../support/servers/resp";

let redis: RedisServer;
let connection: RespConnection;
beforeAll(async () => {
  redis = await startRedis();
  connection = await RespConnection.open(redis.port);
});
afterAll(async () => {
  connection.socket.destroy();
  await redis.stop();
});

const set = (name: string, value: string) => connection.send([["CONFIG", "SET", name, value]]);
const keeping = () =>
  readKeeping({
    eval: async (_purpose, script) => {
      const [reply] = await connection.send([["EVAL", script, "0"]]);
      return Buffer.isBuffer(reply) ? reply.toString() : reply;
    },
  });

it("says whether writes are logged, and by which policy keys leave", async () => {
  expect(await keeping()).toEqual({ persists: false, evicts: null });
  await set("maxmemory-policy", "allkeys-lru");
  await set("appendonly", "yes");
  expect(await keeping()).toEqual({ persists: true, evicts: "allkeys-lru" });
});

it("says nothing where INFO is answered otherwise, or not at all", async () => {
  for (const answer of ["", "# Server\r\nredis_version:7\r\n", null, 7]) {
    expect(await readKeeping({ eval: async () => answer })).toEqual({ persists: null, evicts: null });
  }
});
