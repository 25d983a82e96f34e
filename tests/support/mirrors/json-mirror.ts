/** A mirror that answers with any JSON that a test gives it, read by the app's own adapter. */
import { MirrorLedger } from "@/lib/adapters/mirror/mirror-ledger";
import { type ConsensusNs, consensusNs, formatConsensusTime } from "@/lib/core/ledger/consensus-time";
import type { DrivenClock } from "../control/driven-clock";

/**
 * The ledger over a mirror with one topic. `messages` are any JSON, from sequence number 1. As in a mirror's database, a message's
 * place decides its number, even if its own `sequence_number` differs.
 */
export function ledgerOfJson(messages: readonly unknown[], clock: DrivenClock, throughNs: bigint): MirrorLedger {
  const to = formatConsensusTime(consensusNs(throughNs) as ConsensusNs);
  const answer = (url: URL): unknown => {
    if (url.pathname.endsWith("/blocks")) return { blocks: [{ timestamp: { from: to, to } }] };
    const single = /\/messages\/(\d+)$/.exec(url.pathname);
    if (single) return messages[Number(single[1]) - 1];
    const bounds = url.searchParams.getAll("sequencenumber").map((bound) => bound.split(":") as [string, string]);
    const from = Number(bounds.find(([operator]) => operator === "gte")?.[1] ?? 1);
    const through = Number(bounds.find(([operator]) => operator === "lte")?.[1] ?? messages.length);
    const limit = Number(url.searchParams.get("limit"));
    return { messages: messages.slice(from - 1, Math.min(through, from - 1 + limit)), links: { next: null } };
  };
  return new MirrorLedger({
    urls: ["http://mirror.test"],
    clock,
    reserve: async () => 0,
    random: () => 0.5,
    send: async (input) => {
      const json = answer(new URL(String(input)));
      return new Response(JSON.stringify(json) ?? "null", { status: json === undefined ? 404 : 200 });
    },
  });
}
