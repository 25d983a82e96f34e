/** Asks a real Redis how it keeps its keys, with the command that the app sends. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { Keys } from "@/lib/adapters/redis/client/keys";
import { readPersistence } from "@/lib/adapters/redis/persistence";
import { type RedisServer, startRedis } from "../../../support/servers/redis/redis-server";
import { RespConnection } from "../../../support/servers/redis/resp";

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
const KEYS = new Keys("testnet");
const persistence = () =>
  readPersistence(
    {
      eval: async (_purpose, script, keys) => {
        const [reply] = await connection.send([["EVAL", script, String(keys.length), ...keys]]);
        return Buffer.isBuffer(reply) ? reply.toString() : reply;
      },
    },
    KEYS,
  );

it("says whether writes are logged, and by which policy keys leave", async () => {
  expect(await persistence()).toEqual({ persists: false, evicts: null, isCluster: false });
  await set("maxmemory-policy", "allkeys-lru");
  await set("appendonly", "yes");
  expect(await persistence()).toEqual({ persists: true, evicts: "allkeys-lru", isCluster: false });
});

it("says nothing if INFO is answered in another form, or not at all", async () => {
  for (const answer of ["", "# Server\r\nredis_version:7\r\n", null, 7]) {
    expect(await readPersistence({ eval: async () => answer }, KEYS)).toEqual({
      persists: null,
      evicts: null,
      isCluster: false,
    });
  }
});

it("says of a cluster what its worst node says", async () => {
  const keys = new Keys("testnet", undefined, 64);
  const [kept, lost] = [1, 0].map((aof) => `aof_enabled:${aof}\r\nmaxmemory_policy:noeviction\r\n`) as [string, string];
  const evicting = kept.replace("noeviction", "allkeys-lru");
  const asked = (odd: string) =>
    readPersistence({ eval: async (_purpose, _script, [key]) => (key === keys.in(40).ping ? odd : kept) }, keys);
  expect(await asked(kept)).toEqual({ persists: true, evicts: null, isCluster: false });
  expect(await asked(lost)).toEqual({ persists: false, evicts: null, isCluster: false });
  expect(await asked(evicting)).toEqual({ persists: true, evicts: "allkeys-lru", isCluster: false });
});
