import { exactConsensusTime } from "@/lib/client/time";
import type { Signal } from "@/lib/wire/signals";

/** Enough for any honest message; the ledger also holds others. */
const MAX_CHARACTERS = 4_000;

/** Controls and characters that turn the direction of text: shown as their code, so that nothing is hidden or reversed. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu;

export function harmless(value: unknown): string {
  const json = JSON.stringify(value, null, 2) ?? "";
  const text = json.replace(UNSEEN, (char) =>
    char === "\n" ? char : `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}\n… cut` : text;
}

export function SignalDetails({ signal }: { signal: Signal }) {
  const facts: readonly (readonly [string, string])[] = [
    ["Type", signal.type],
    ["From", signal.actor ?? "nobody"],
    ["To", signal.target ?? "nobody"],
    ["Topic", `${signal.topicId}, message ${signal.sequenceNumber}`],
    ["Consensus", signal.consensusTimestamp ? exactConsensusTime(signal.consensusTimestamp) : "not told yet"],
    ["Source", signal.source],
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
