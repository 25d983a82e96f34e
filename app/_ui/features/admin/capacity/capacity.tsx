"use client";
import clsx from "clsx";
import { CircleCheck, TriangleAlert } from "lucide-react";
import { useDeferredValue, useMemo } from "react";
import {
  curvesOf,
  DIALS,
  type DialValues,
  inputsOf,
  parseDial,
  parseSetUp,
  planRows,
  planScales,
  planShortfalls,
  SET_UP_OPTIONS,
  standingAt,
} from "@/lib/client/admin/capacity";
import { SET_UPS } from "@/lib/core/capacity/set-ups/set-ups";
import { Chips } from "../../../primitives/chips";
import { useUrlState } from "../../url-state";
import { Panel } from "../frame/panel";
import { Cost } from "./cost";
import { Curves } from "./curves";
import { Dials } from "./dials";
import { Limits } from "./limits";
import { PlanCells } from "./plan-cells";
import { CostsTable, NeedsTable } from "./plan-tables";

/** The resources and cost that a number of users needs, set with sliders, and the cost so far. */
export function Capacity() {
  const { get, set } = useUrlState();
  const asked = DIALS.map(({ id }) => get(id) ?? "").join("|");
  const values = useMemo(() => {
    const texts = asked.split("|");
    return Object.fromEntries(DIALS.map((dial, i) => [dial.id, parseDial(dial, texts[i] || null)])) as DialValues;
  }, [asked]);
  // The slider moves at once. The model is computed a moment later.
  const settled = useDeferredValue(values);
  const setUp = parseSetUp(get("setup"));
  const inputs = useMemo(() => inputsOf(settled, setUp), [settled, setUp]);
  const rows = useMemo(() => planRows(inputs), [inputs]);
  const missed = useMemo(() => planShortfalls(inputs), [inputs]);
  const standing = useMemo(() => standingAt(inputs), [inputs]);
  const scales = useMemo(() => planScales(inputs), [inputs]);
  const curves = useMemo(() => curvesOf(inputs), [inputs]);
  const marks = useMemo(
    () => [
      ...standing.limits.map(({ breaksAtUsers }, index) => ({ users: breaksAtUsers, number: index + 1 })),
      { users: inputs.users, number: null },
    ],
    [standing, inputs],
  );
  const Mark = standing.isBroken ? TriangleAlert : CircleCheck;
  return (
    <>
      <Panel
        title="Capacity"
        note="Measured unit figures times list prices (docs/capacity.md). npm run capacity prints the same."
      >
        <div className="mb-4">
          <Chips label="Set-up" value={setUp} options={SET_UP_OPTIONS} onChange={(value) => set({ setup: value })} />
          <p className="mt-1 text-ink-soft text-sm">{SET_UPS[setUp].label}</p>
        </div>
        <Dials values={values} onChange={(id, value) => set({ [id]: String(value) })} />
        <p
          data-testid="first-limit"
          className={clsx(
            "mt-5 flex items-start gap-2.5 rounded-card px-4 py-3",
            standing.isBroken ? "bg-copper-soft text-copper" : "bg-accent-soft text-accent-strong",
          )}
        >
          <Mark aria-hidden="true" className="mt-0.5 size-5 shrink-0" />
          {standing.sentence}
        </p>
      </Panel>
      <Panel
        title="The plan's estimates"
        note="The plan is the estimate that was made before this server was built. On both set-ups, without ledger fees. Storage is the same on both. A tick says that ours is at most the plan's figure, a cross that it is more."
      >
        <PlanCells rows={rows} missed={missed} />
      </Panel>
      <Panel
        title="Dollars per month by users"
        note="The numbers of limits are those of the list below. The plan's estimate is for TrustMesh without this cache. Where signals wait a second for others that share their message (SUBMIT_LINGER_MS), ledger fees fall to a sixth or less."
      >
        <Curves curves={curves} marks={marks} />
        <div className="mt-5">
          <CostsTable scales={scales} />
        </div>
      </Panel>
      <Panel title="Resources" note="Without the cache, every page asks the mirror for the last 200 messages.">
        <NeedsTable scales={scales} />
      </Panel>
      <Panel title="Limits" note="In the order in which they break, for the busiest minute of the day.">
        <Limits limits={standing.limits} users={inputs.users} />
      </Panel>
      <Cost />
    </>
  );
}
