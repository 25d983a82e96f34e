import { activeOf, type Group, isInGroup, ownersOf } from "@/lib/client/admin/shard-groups";
import { TIER_MOVES, whoseWords } from "@/lib/client/admin/shard-sentences";
import { whole } from "@/lib/client/format/numbers";
import { TOPIC_KINDS } from "@/lib/core/ledger/ids";
import type { ShardsAnswer } from "@/lib/wire/operators/shards";
import { Panel } from "../frame/panel";

/** Active topics by group (rows) and kind (columns). */
export function ShardMatrix({ answer }: { answer: ShardsAnswer }) {
  return (
    <Panel
      title="Routing"
      note={`Active topics of each group, by kind. A group without topics uses the next wider group's. Registry version ${whole(answer.version)}.`}
    >
      <table className="w-full border-collapse text-sm [overflow-wrap:normal]">
        <caption className="sr-only">Topics by group and kind</caption>
        <thead>
          <tr className="border-line-strong border-b">
            <th scope="col" className="py-2 pr-2 text-left align-bottom font-medium text-ink-soft">
              Group
            </th>
            {TOPIC_KINDS.map((kind) => (
              <th
                key={kind}
                scope="col"
                className="py-2 pl-2 text-right align-bottom font-medium text-ink-soft text-xs sm:text-sm"
              >
                {kind}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ownersOf(answer).map((whose) => (
            <tr key={`${whose.tier} ${whose.owner}`} className="border-line border-t">
              <th scope="row" className="py-2 pr-2 text-left font-normal [overflow-wrap:anywhere]">
                {whose.owner ? <bdi className="font-medium">{whose.owner}</bdi> : whose.tier}
                <span className="block text-ink-soft text-xs">{whoseWords(whose, answer.tenants)}</span>
              </th>
              {TOPIC_KINDS.map((kind) => (
                <td key={kind} className="py-2 pl-2 text-right align-top tabular-nums">
                  <Cell group={{ ...whose, kind }} answer={answer} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="mt-3 max-w-prose text-ink-soft text-sm">{TIER_MOVES}</p>
    </Panel>
  );
}

function Cell({ group, answer: { shards } }: { group: Group; answer: ShardsAnswer }) {
  const count = (...states: readonly string[]) =>
    shards.filter((shard) => isInGroup(shard, group) && states.includes(shard.state)).length;
  const active = activeOf(shards, group).length;
  const coming = count("planned", "creating");
  const draining = count("draining");
  return (
    <>
      {active === 0 ? "none" : whole(active)}
      {coming > 0 && <span className="block text-ink-soft text-xs">{coming} planned</span>}
      {draining > 0 && <span className="block text-ink-soft text-xs">{draining} draining</span>}
    </>
  );
}
