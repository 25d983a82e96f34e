"use client";
import { ArrowUp, Radio } from "lucide-react";
import Link from "next/link";
import { Fragment, useCallback, useMemo } from "react";
import { useRecognition } from "@/lib/client/api/views/views";
import { incompleteFrom } from "@/lib/client/format/dropped";
import { usePeople } from "@/lib/client/format/people";
import { titleOfRecognition } from "@/lib/client/format/sentences";
import { periodOf, useNow } from "@/lib/client/format/time";
import { useSignals } from "@/lib/client/live/signals";
import type { Signal } from "@/lib/wire/signals";
import { Button, buttonClass } from "../../primitives/button";
import { SkeletonRows } from "../../primitives/skeleton";
import { DroppedNote, More } from "../more";
import { NothingYet } from "../nothing-yet";
import { ReadError } from "../read-error";
import { SignalItem } from "./signal-item";
import { useArrivals } from "./use-arrivals";

const MINUTE_MS = 60_000;

export function Feed({ types }: { types: readonly string[] }) {
  const feed = useSignals(types);
  const people = usePeople();
  const recognitionTitle = useRecognitionTitle();
  const { arrived, held, release } = useArrivals();
  const shown = useMemo(() => feed.signals?.filter(({ id }) => !held.has(id)), [feed.signals, held]);
  const periods = usePeriods(shown);
  const noted = incompleteFrom(shown, feed.droppedThrough);

  if (!feed.signals || !shown) {
    if (feed.error) {
      return <ReadError title="Your signals could not be read" error={feed.error} onRetry={feed.retry} />;
    }
    return <SkeletonRows rows={8} label="Loading signals" />;
  }
  if (feed.signals.length === 0 && !feed.hasMore && feed.droppedThrough === null) {
    return (
      <NothingYet
        title="No signals yet"
        icon={<Radio aria-hidden="true" />}
        action={
          types.length === 0 && (
            <Link href="/contacts" className={buttonClass("primary")}>
              To your contacts
            </Link>
          )
        }
      >
        {types.length > 0
          ? "Nothing of this kind concerns you so far."
          : "When somebody asks to be your contact, trusts you or recognises you, it shows here. You can also ask somebody first."}
      </NothingYet>
    );
  }
  return (
    <div>
      <NewPill count={feed.signals.length - shown.length} onPress={release} />
      {periods.map(({ period, signals }) => (
        <section key={period} aria-label={period} className="mb-4">
          <h2 className="mb-1 font-display font-semibold text-ink-soft text-lg">{period}</h2>
          <ol className="relative before:absolute before:inset-y-6 before:left-4.5 before:w-px before:bg-line">
            {signals.map((signal) => (
              <Fragment key={signal.id}>
                {signal.id === noted && feed.droppedThrough !== null && (
                  <li className="relative py-2">
                    <DroppedNote what="signals" droppedThrough={feed.droppedThrough} />
                  </li>
                )}
                <SignalItem
                  signal={signal}
                  people={people}
                  recognitionTitle={recognitionTitle}
                  arrived={arrived.has(signal.id)}
                />
              </Fragment>
            ))}
          </ol>
        </section>
      ))}
      <More list={feed} what="signals" isNoted={noted !== null} />
    </div>
  );
}

function useRecognitionTitle() {
  const { definitions } = useRecognition();
  return useCallback((id: string) => titleOfRecognition(definitions, id), [definitions]);
}

function usePeriods(signals: readonly Signal[] | undefined) {
  // Moves on with the times of the signals, so that a heading and the times below it agree.
  const now = useNow(MINUTE_MS);
  return useMemo(() => {
    const periods: { period: string; signals: Signal[] }[] = [];
    for (const signal of signals ?? []) {
      const period = periodOf(signal.ts, now);
      const last = periods.at(-1);
      if (last?.period === period) last.signals.push(signal);
      else periods.push({ period, signals: [signal] });
    }
    return periods;
  }, [signals, now]);
}

function NewPill({ count, onPress }: { count: number; onPress(): void }) {
  return (
    <div role="status" className="pointer-events-none sticky top-22 z-20 flex h-0 justify-center lg:top-6">
      {count > 0 && (
        <Button
          look="primary"
          size="sm"
          onClick={onPress}
          className="pointer-events-auto animate-rise rounded-full shadow-float"
        >
          <ArrowUp aria-hidden="true" className="size-4" />
          {count} new
        </Button>
      )}
    </div>
  );
}
