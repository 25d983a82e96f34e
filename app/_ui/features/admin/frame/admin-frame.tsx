"use client";
import { DatabaseZap, ShieldX, TriangleAlert } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useSeen } from "@/lib/client/admin/history";
import { databaseWords } from "@/lib/client/admin/sentences";
import { isNotOperator, useAdminStatus } from "@/lib/client/admin/status";
import { reasonOf } from "@/lib/client/api/http";
import { ago, counted, durationText } from "@/lib/client/format/numbers";
import { clockTime, useNow } from "@/lib/client/format/time";
import type { AdminStatus } from "@/lib/wire/operators/admin";
import { buttonClass } from "../../../primitives/button";
import { Skeleton } from "../../../primitives/skeleton";
import { EmptyState } from "../../../primitives/states";
import { PageHeader } from "../../page-header";
import { ReadError } from "../../read-error";
import { StatusProvider } from "./status-context";
import { PLACES } from "./tabs";

/** Frames every operators' page. Refuses other users, shows the age of the numbers, and says what to do if none arrive. */
export function AdminFrame({ children }: { children: React.ReactNode }) {
  const { data: status, error, mutate } = useAdminStatus();
  if (isNotOperator(error)) return <NotOperator reason={reasonOf(error)} />;
  return (
    <>
      <PageHeader title="Operate">The state of every instance, tier and topic, and the actions on them.</PageHeader>
      <Places />
      {status ? (
        <>
          {error ? <OutOfReach reason={reasonOf(error)} /> : <Age status={status} />}
          <WithoutDatabase words={databaseWords(status)} />
          <StatusProvider value={status}>{children}</StatusProvider>
        </>
      ) : error ? (
        <ReadError title="The status could not be read" error={error} onRetry={() => void mutate()} />
      ) : (
        <Loading />
      )}
    </>
  );
}

function Places() {
  const pathname = usePathname();
  return (
    <nav aria-label="Operate" className="mb-4 border-line border-b">
      <ul className="flex flex-wrap gap-x-1">
        {PLACES.map(({ href, label }) => (
          <li key={href}>
            <Link
              href={href}
              aria-current={pathname === href ? "page" : undefined}
              className="-mb-px inline-flex min-h-11 items-center whitespace-nowrap border-transparent border-b-2 px-3 font-medium text-ink-soft focus-visible:-outline-offset-2 hover:text-ink aria-[current]:border-accent aria-[current]:text-ink"
            >
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Age({ status }: { status: AdminStatus }) {
  const now = useNow();
  const { receivedAtMs } = useSeen();
  const ageMs = Math.max(0, now - receivedAtMs);
  return (
    <p data-testid="age" className="mb-6 flex flex-wrap items-center gap-x-2 text-ink-soft text-xs tabular-nums">
      <span aria-hidden="true" className="size-2 rounded-full bg-accent" />
      {ageMs < 1_000 ? "As of now" : `As of ${durationText(Math.floor(ageMs / 1_000) * 1_000)} ago`} ·{" "}
      {counted(status.instances.length, "instance")} · {status.network} · version {status.version}
    </p>
  );
}

/** The page works while the database is down, and says which parts are missing. */
function WithoutDatabase({ words }: { words: string | null }) {
  if (words === null) return null;
  return (
    <div role="status" className="mb-6 flex items-start gap-3 rounded-card bg-gold-soft px-4 py-3 text-ink text-sm">
      <DatabaseZap aria-hidden="true" className="mt-0.5 size-5 shrink-0" />
      <div>
        <p className="font-medium">Some of this page is old or missing.</p>
        <p className="tabular-nums">{words}</p>
      </div>
    </div>
  );
}

function OutOfReach({ reason }: { reason: string }) {
  const now = useNow();
  const { receivedAtMs } = useSeen();
  return (
    <div role="alert" className="mb-6 flex items-start gap-3 rounded-card bg-danger-soft px-4 py-3 text-danger text-sm">
      <TriangleAlert aria-hidden="true" className="mt-0.5 size-5 shrink-0" />
      <div>
        <p className="font-medium">{reason}</p>
        <p className="tabular-nums">
          These numbers are from {clockTime(receivedAtMs)}, {ago(now - receivedAtMs)}. The page tries again every five
          seconds. If this lasts, look at <span className="ledger">/api/health/ready</span> and the server's log.
        </p>
      </div>
    </div>
  );
}

function NotOperator({ reason }: { reason: string }) {
  return (
    <EmptyState
      wholePage
      title="This page is for operators"
      icon={<ShieldX aria-hidden="true" />}
      action={
        <Link href="/signals" className={buttonClass("primary")}>
          To your signals
        </Link>
      }
    >
      {reason}
    </EmptyState>
  );
}

function Loading() {
  return (
    <div role="status" aria-label="Loading the status" className="space-y-4">
      <Skeleton className="h-16" />
      <div className="grid gap-3 sm:grid-cols-3">
        <Skeleton className="h-28" />
        <Skeleton className="h-28" />
        <Skeleton className="h-28" />
      </div>
      <Skeleton className="h-64" />
    </div>
  );
}
