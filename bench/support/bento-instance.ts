/** The yardstick of `stampede.queries`: one of several processes with bentocache over the same Redis and the same query. */
import { createServer } from "node:http";
import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { redisBusDriver, redisDriver } from "bentocache/drivers/redis";
import { openPg } from "@/lib/adapters/postgres/drivers/pg";
import { Statements } from "@/lib/adapters/postgres/drivers/statements";
import { RowReader } from "@/lib/adapters/postgres/read/row-reader";
import { StoredMessages } from "@/lib/adapters/postgres/read/stored-messages";
import { PostgresViewStore } from "@/lib/adapters/postgres/view-store";
import type { UserId } from "@/lib/core/ledger/ids";
import { contactsView } from "@/lib/core/signals/views";

const { DATABASE_URL = "", REDIS_PORT = "" } = process.env;
const [statements, rowReader] = [new Statements(openPg(DATABASE_URL)), new RowReader()];
const views = new PostgresViewStore(statements, rowReader, new StoredMessages(statements, rowReader));
const connection = { host: "127.0.0.1", port: Number(REDIS_PORT) };
const store = bentostore()
  .useL1Layer(memoryDriver({ maxSize: "64mb" }))
  .useL2Layer(redisDriver({ connection }))
  .useBus(redisBusDriver({ connection }));
const cache = new BentoCache({ default: "views", stores: { views: store }, ttl: "1h", grace: "6h" });

/** `GET /?user=<id>` */
const server = createServer((request, response) => {
  const userId = new URL(request.url ?? "/", "http://bento.test").searchParams.get("user") as UserId;
  const load = async () => {
    const { position, edges } = await views.contacts(userId);
    return { ...contactsView(userId, edges), position };
  };
  cache.getOrSet({ key: `${userId}:contacts`, factory: load }).then(
    (view) => response.end(JSON.stringify(view)),
    (cause: unknown) => response.writeHead(500).end(String(cause)),
  );
});
// The same time as in the app's own front.
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", 4_096, () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" ? address?.port : 0 });
});
process.once("disconnect", () => process.exit(0));
