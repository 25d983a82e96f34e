import { authorWords } from "@/lib/client/format/author";
import { harmless } from "@/lib/client/format/harmless";
import { exactConsensusTime } from "@/lib/client/format/time";
import type { Signal } from "@/lib/wire/signals";

export function SignalDetails({ signal }: { signal: Signal }) {
  const { place } = signal;
  const facts: readonly (readonly [string, string])[] = [
    ["Type", signal.type],
    ["From", signal.actor ?? "nobody"],
    ["To", signal.target ?? "nobody"],
    [
      "Topic",
      `${signal.topicId}, message ${signal.sequenceNumber}${place === undefined ? "" : `, signal ${place + 1}`}`,
    ],
    ["Consensus", signal.consensusTimestamp ? exactConsensusTime(signal.consensusTimestamp) : "not known yet"],
    ["Source", signal.source],
    ...(signal.author ? [["Author", authorWords(signal.author)] as const] : []),
  ];
  return (
    <div className="mb-3 ml-12 rounded-control border border-line bg-surface p-3 text-sm">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-soft">{name}</dt>
            <dd className="ledger self-center text-xs">
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
      <section aria-label="Message as the sender wrote it" className="mt-3 border-line border-t pt-3">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <pre tabIndex={0} className="ledger max-h-64 overflow-auto whitespace-pre-wrap text-xs">
          {harmless(signal.metadata)}
        </pre>
      </section>
    </div>
  );
}
