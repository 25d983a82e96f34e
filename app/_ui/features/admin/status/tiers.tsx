"use client";
import clsx from "clsx";
import { instanceName } from "@/lib/client/admin/instances";
import type { CsvValue } from "@/lib/client/format/csv";
import { bytes, durationText, percent, whole } from "@/lib/client/format/numbers";
import type { InstanceStatus } from "@/lib/wire/operators/admin";
import { TIER_NAMES, type TierName, type TierStatus } from "@/lib/wire/operators/instance-report";
import { Badge } from "../../../primitives/badge";
import { Invalidate } from "../actions/invalidate";
import { Purposes } from "../charts/purposes";
import { ShareBar } from "../charts/share-bar";
import { DownloadCsv } from "../frame/download-csv";
import { Facts, Panel } from "../frame/panel";
import { useStatus } from "../frame/status-context";
import { hitRatio, InstanceName } from "./instances";

const TITLES: Record<TierName, string> = { l1: "Memory (L1)", redis: "Redis (L2)", postgres: "Postgres (L3)" };
const NOTES: Record<TierName, string> = {
  l1: "In each process, ready to send.",
  redis: "Views shared by all instances.",
  postgres: "The stored log and all rows.",
};
const BYTES: Record<TierName, string> = { l1: "Kept now", redis: "Sent and received", postgres: "" };

export function Tiers() {
  const { total } = useStatus();
  return (
    <>
      <div className="mb-5 grid gap-4 md:grid-cols-3">
        {TIER_NAMES.map((name) => (
          <TierCard key={name} name={name} tier={total.tiers[name]} />
        ))}
      </div>
      <EachInstance />
      <div className="grid gap-x-5 md:grid-cols-2">
        <Panel title="Redis commands by purpose" note="Each command is billed.">
          <Purposes
            counts={total.commands}
            unit="command"
            none="No commands: no Redis is configured, or there were no reads."
          />
        </Panel>
        <Panel title="SQL statements by purpose" note="Since the instances started.">
          <Purposes counts={total.statements} unit="statement" none="No statements yet." />
        </Panel>
      </div>
      <Invalidate />
    </>
  );
}

function TierCard({ name, tier }: { name: TierName; tier: TierStatus }) {
  const ratio = hitRatio(tier);
  const { latency } = tier;
  return (
    <section aria-label={TITLES[name]} className="card p-4 sm:p-5">
      <header className="flex items-start justify-between gap-2">
        <div>
          <h2 className="font-display font-semibold text-xl">{TITLES[name]}</h2>
          <p className="text-ink-soft text-sm">{NOTES[name]}</p>
        </div>
        <Breaker state={tier.breaker} />
      </header>
      <p className="mt-3 mb-1 font-display font-semibold text-2xl tabular-nums">
        {percent(ratio)} <span className="font-normal font-sans text-ink-soft text-sm">hit ratio</span>
      </p>
      <ShareBar share={ratio ?? 0} />
      <div className="mt-4">
        <Facts
          facts={[
            ["Hits", whole(tier.hits)],
            ["Misses", whole(tier.misses)],
            ["Served stale", whole(tier.stale)],
            ["Errors", <Errors key="e" count={tier.errors} />],
            ...(BYTES[name] ? ([[BYTES[name], bytes(tier.bytes)]] as const) : []),
            ["p50", durationText(latency.p50Ms)],
            ["p95", durationText(latency.p95Ms)],
            ["p99", durationText(latency.p99Ms)],
            ["Mean", durationText(latency.meanMs)],
            ["Calls timed", whole(latency.count)],
          ]}
        />
      </div>
    </section>
  );
}

const Errors = ({ count }: { count: number }) => (
  <span className={count > 0 ? "font-medium text-danger" : undefined}>{whole(count)}</span>
);

const BREAKER = {
  closed: ["accent", "Circuit closed"],
  open: ["copper", "Circuit open"],
  "half-open": ["gold", "Circuit half-open"],
} as const;

export function Breaker({ state }: { state: TierStatus["breaker"] }) {
  if (state === null) return null;
  const [tone, words] = BREAKER[state];
  return <Badge tone={tone}>{words}</Badge>;
}

/** Columns from this width on. */
const WIDE = "hidden sm:table-cell";
const WIDEST = "hidden md:table-cell";
const HEADS = [
  ["Tier", "text-left"],
  ["Hit ratio", ""],
  ["Stale", WIDEST],
  ["Errors", ""],
  ["p50", WIDEST],
  ["p95", WIDEST],
  ["p99", ""],
  ["Bytes", WIDE],
  ["Circuit", `${WIDE} text-left`],
] as const;

const CSV_HEADS = [
  ...["Instance", "Tier", "Hits", "Misses", "Stale", "Errors"],
  ...["p50 ms", "p95 ms", "p99 ms", "Bytes", "Circuit"],
];

const csvRows = (instance: InstanceStatus): CsvValue[][] =>
  TIER_NAMES.map((name) => {
    const { hits, misses, stale, errors, latency, bytes: size, breaker } = instance.tiers[name];
    const counts = [hits, misses, stale, errors, latency.p50Ms, latency.p95Ms, latency.p99Ms, size];
    return [instanceName(instance), TITLES[name], ...counts, breaker];
  });

/** The same figures for each instance, grouped by instance. */
function EachInstance() {
  const { instances } = useStatus();
  return (
    <Panel
      title="Each instance"
      action={<DownloadCsv name="Tiers of each instance" heads={CSV_HEADS} rows={() => instances.flatMap(csvRows)} />}
    >
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">Tiers of each instance</caption>
        <thead>
          <tr className="border-line-strong border-b text-ink-soft">
            {HEADS.map(([head, className]) => (
              <th
                key={head}
                scope="col"
                className={clsx(
                  "px-2 py-2 font-medium first:pl-0 last:pr-0",
                  className,
                  className.includes("text-left") || "text-right",
                )}
              >
                {head}
              </th>
            ))}
          </tr>
        </thead>
        {instances.map((instance) => (
          <tbody
            key={instance.instanceId}
            data-row={instance.instanceId}
            className="border-line border-b last:border-0"
          >
            <tr>
              <th scope="rowgroup" colSpan={HEADS.length} className="pt-3 pb-1 text-left font-normal">
                <InstanceName instance={instance} />
              </th>
            </tr>
            {TIER_NAMES.map((name) => (
              <TierRow key={name} name={name} tier={instance.tiers[name]} />
            ))}
          </tbody>
        ))}
      </table>
    </Panel>
  );
}

function TierRow({ name, tier }: { name: TierName; tier: TierStatus }) {
  const place = "px-2 py-1.5 last:pr-0";
  const cell = `${place} text-right tabular-nums`;
  return (
    <tr className="last:[&>*]:pb-3">
      <th scope="row" className="py-1.5 pr-2 pl-3 text-left font-normal text-ink-soft">
        {TITLES[name]}
      </th>
      <td className={cell}>{percent(hitRatio(tier))}</td>
      <td className={clsx(cell, WIDEST)}>{whole(tier.stale)}</td>
      <td className={cell}>
        <Errors count={tier.errors} />
      </td>
      <td className={clsx(cell, WIDEST)}>{durationText(tier.latency.p50Ms)}</td>
      <td className={clsx(cell, WIDEST)}>{durationText(tier.latency.p95Ms)}</td>
      <td className={cell}>{durationText(tier.latency.p99Ms)}</td>
      <td className={clsx(cell, WIDE)}>{BYTES[name] ? bytes(tier.bytes) : ""}</td>
      <td className={clsx(place, WIDE)}>
        <Breaker state={tier.breaker} />
      </td>
    </tr>
  );
}
