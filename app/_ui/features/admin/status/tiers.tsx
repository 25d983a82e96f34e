"use client";
import { bytes, compact, lasting, percent, whole } from "@/lib/client/format/numbers";
import type { AdminStatus, InstanceStatus } from "@/lib/wire/admin";
import { TIER_NAMES, type TierName, type TierStatus } from "@/lib/wire/instance-report";
import { Badge } from "../../../primitives/badge";
import { DataTable } from "../../../primitives/data-table";
import { Invalidate } from "../actions/invalidate";
import { Purposes } from "../charts/purposes";
import { ShareBar } from "../charts/share-bar";
import { Facts, Panel } from "../frame/panel";
import { useStatus } from "../frame/status-context";
import { type SortedColumn, useTable } from "../frame/use-table";
import { hitRatio } from "./instances";

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
            ["p50", lasting(latency.p50Ms)],
            ["p95", lasting(latency.p95Ms)],
            ["p99", lasting(latency.p99Ms)],
            [
              "Mean",
              latency.meanMs === null ? lasting(null) : `${lasting(latency.meanMs)} of ${compact(latency.count)}`,
            ],
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

interface Line {
  readonly instance: InstanceStatus;
  readonly name: TierName;
  readonly tier: TierStatus;
}

const linesOf = ({ instances }: AdminStatus): readonly Line[] =>
  instances.flatMap((instance) => TIER_NAMES.map((name) => ({ instance, name, tier: instance.tiers[name] })));

const COLUMNS: readonly SortedColumn<Line>[] = [
  {
    id: "instance",
    head: "Instance",
    isHeader: true,
    first: "asc",
    key: ({ instance }) => instance.instanceId,
    cell: ({ instance, name }) => (
      <>
        <span className="ledger text-xs">{instance.instanceId}</span>
        <span className="block text-ink-soft text-xs sm:hidden">{TITLES[name]}</span>
      </>
    ),
  },
  { id: "tier", head: "Tier", first: "asc", from: "sm", key: ({ name }) => name, cell: ({ name }) => TITLES[name] },
  {
    id: "hits",
    head: "Answered",
    numeric: true,
    first: "asc",
    key: ({ tier }) => hitRatio(tier),
    cell: ({ tier }) => percent(hitRatio(tier)),
  },
  {
    id: "stale",
    head: "Stale",
    numeric: true,
    first: "desc",
    from: "md",
    key: ({ tier }) => tier.stale,
    cell: ({ tier }) => whole(tier.stale),
  },
  {
    id: "errors",
    head: "Errors",
    numeric: true,
    first: "desc",
    key: ({ tier }) => tier.errors,
    cell: ({ tier }) => <Errors count={tier.errors} />,
  },
  {
    id: "p50",
    head: "p50",
    numeric: true,
    first: "desc",
    from: "md",
    key: ({ tier }) => tier.latency.p50Ms,
    cell: ({ tier }) => lasting(tier.latency.p50Ms),
  },
  {
    id: "p99",
    head: "p99",
    numeric: true,
    first: "desc",
    key: ({ tier }) => tier.latency.p99Ms,
    cell: ({ tier }) => lasting(tier.latency.p99Ms),
  },
  {
    id: "bytes",
    head: "Bytes",
    numeric: true,
    first: "desc",
    from: "sm",
    key: ({ tier }) => tier.bytes,
    cell: ({ tier, name }) => (BYTES[name] ? bytes(tier.bytes) : ""),
  },
  {
    id: "breaker",
    head: "Circuit",
    first: "desc",
    from: "sm",
    key: ({ tier }) => ["closed", "half-open", "open"].indexOf(tier.breaker ?? "closed"),
    cell: ({ tier }) => <Breaker state={tier.breaker} />,
  },
];

const OPTIONS = { columns: COLUMNS, start: null } as const;

function EachInstance() {
  const status = useStatus();
  const { shown, sort, onSort } = useTable(linesOf(status), OPTIONS);
  return (
    <Panel title="Each instance" note="The same, of every instance by itself.">
      <DataTable
        caption="Tiers of each instance"
        columns={COLUMNS}
        rows={shown}
        keyOf={({ instance, name }) => `${instance.instanceId} ${name}`}
        sort={sort}
        onSort={onSort}
      />
    </Panel>
  );
}
