/** A real Redis Cluster for tests, on 127.0.0.1: masters that share the slots, each with a replica where asked. */
import { freePort } from "../free-port";
import { type RedisServer, startRedis } from "./redis-server";
import { type Command, RedisError, type Reply, RespConnection } from "./resp";

export interface ClusterNode {
  readonly id: string;
  readonly server: RedisServer;
  /** A direct connection. After a restart the node has another one. */
  send(...command: Command): Promise<Reply>;
}

export interface RedisCluster {
  /** As REDIS_URL names it. */
  readonly url: string;
  readonly masters: readonly ClusterNode[];
  readonly replicas: readonly ClusterNode[];
  /** The node that has a slot now. */
  ownerOf(slot: number): Promise<ClusterNode>;
  /** Begins to move a slot: from now on its old node sends callers on for what it no longer has. Resolves to what ends the move. */
  beginMove(slot: number, to: ClusterNode): Promise<() => Promise<void>>;
  /** Waits until every replica has what its master has now. */
  replicated(): Promise<void>;
  /** Waits until every slot has a node that answers, as seen by every node that runs. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const SLOTS = 16_384;
/**
 * A node that is silent for this long is away, and a replica takes its place. Without replicas nothing is won by a short time, and a
 * busy machine that stalls for a second would bring the cluster down.
 */
const NODE_TIMEOUT_MS = { withReplicas: 1_000, alone: 60_000 };
const SETTLE_MS = 60_000;

export async function startRedisCluster({ masters = 3, hasReplicas = false } = {}): Promise<RedisCluster> {
  const count = hasReplicas ? masters * 2 : masters;
  const nodes = await Promise.all(Array.from({ length: count }, () => startNode(hasReplicas)));
  const owners = nodes.slice(0, masters);
  const replicas = nodes.slice(masters);
  const first = nodes[0] as Node;
  for (const [index, node] of owners.entries()) {
    await node.send("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
    const [from, to] = [index, index + 1].map((share) => Math.floor((SLOTS * share) / masters)) as [number, number];
    await node.send("CLUSTER", "ADDSLOTSRANGE", String(from), String(to - 1));
  }
  for (const node of nodes.slice(1))
    await first.send("CLUSTER", "MEET", "127.0.0.1", String(node.server.port), String(node.busPort));
  const running = () => nodes.filter(({ server }) => server.isRunning());
  const settled = () =>
    until(async () => {
      const infos = await Promise.all(running().map((node) => node.send("CLUSTER", "INFO")));
      const has = (info: string, field: string, count: number) => info.includes(`${field}:${count}\r\n`);
      return infos.map(String).every(
        (info) =>
          info.includes("cluster_state:ok") &&
          has(info, "cluster_known_nodes", nodes.length) &&
          // A node can know another one, and not yet know its slots: it would refuse them with CLUSTERDOWN.
          has(info, "cluster_slots_ok", SLOTS),
      );
    });
  await settled();
  for (const [index, node] of replicas.entries()) {
    await node.send("CLUSTER", "REPLICATE", (owners[index] as Node).id);
    await until(async () => String(await node.send("INFO", "replication")).includes("master_link_status:up"));
  }
  const ownerOf = async (slot: number): Promise<ClusterNode> => {
    const shards = (await (running()[0] as Node).send("CLUSTER", "SLOTS")) as readonly (readonly Reply[])[];
    const shard = shards.find(([from, to]) => Number(from) <= slot && slot <= Number(to));
    const [, port] = (shard?.[2] ?? []) as readonly Reply[];
    return nodes.find(({ server }) => server.port === Number(port)) as Node;
  };
  return {
    url: nodes.map(({ server }) => server.url).join(","),
    masters: owners,
    replicas,
    settled,
    replicated: () =>
      until(async () => {
        const infos = await Promise.all(owners.map((node) => node.send("INFO", "replication")));
        const isEven = (info: string) => {
          const [, own] = /master_repl_offset:(\d+)/.exec(info) ?? [];
          const [, replicas] = /slave0:.*offset=(\d+)/.exec(info) ?? [];
          return own !== undefined && own === replicas;
        };
        return infos.map(String).every(isEven);
      }),
    ownerOf,
    async beginMove(slot, to) {
      const from = await ownerOf(slot);
      await to.send("CLUSTER", "SETSLOT", String(slot), "IMPORTING", from.id);
      await from.send("CLUSTER", "SETSLOT", String(slot), "MIGRATING", to.id);
      return async () => {
        for (;;) {
          const keys = (await from.send("CLUSTER", "GETKEYSINSLOT", String(slot), "10")) as readonly Reply[];
          if (keys.length === 0) break;
          const target = ["127.0.0.1", String(to.server.port), "", "0", "5000", "KEYS"];
          await from.send("MIGRATE", ...target, ...keys.map(String));
        }
        for (const node of [to, from, ...running()])
          await node.send("CLUSTER", "SETSLOT", String(slot), "NODE", to.id).catch(() => {});
      };
    },
    async stop() {
      await Promise.all(nodes.map(({ server }) => server.stop()));
    },
  };
}

interface Node extends ClusterNode {
  readonly busPort: number;
}

async function startNode(hasReplicas: boolean): Promise<Node> {
  const busPort = await freePort();
  const settings = {
    "cluster-enabled": "yes",
    "cluster-port": String(busPort),
    "cluster-node-timeout": String(NODE_TIMEOUT_MS[hasReplicas ? "withReplicas" : "alone"]),
    // While one node is down, the others serve their slots.
    "cluster-require-full-coverage": "no",
    // A replica takes over however old its copy is: what it lacks must be noticed.
    "cluster-replica-validity-factor": "0",
  };
  const server = await startRedis({ settings });
  let connection: RespConnection | null = null;
  const send = async (...command: Command) => {
    if (connection === null || !connection.isOpen) connection = await RespConnection.open(server.port);
    const [reply = null] = await connection.send([command]);
    if (reply instanceof RedisError) throw reply;
    return reply;
  };
  const id = String(await send("CLUSTER", "MYID"));
  return { id, server, busPort, send };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + SETTLE_MS;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > endMs) throw new Error("the Redis Cluster has not settled");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
