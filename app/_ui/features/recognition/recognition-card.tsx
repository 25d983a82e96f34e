"use client";
import { Hourglass } from "lucide-react";
import { usePeople } from "@/lib/client/format/people";
import { nameOfRecognition } from "@/lib/client/format/sentences";
import { exactConsensusTime, timeAgo, useNow } from "@/lib/client/format/time";
import type { RecognitionInstance } from "@/lib/wire/recognition";
import { Badge } from "../../primitives/badge";
import { PersonLink } from "../people/person-name";
import { Seal } from "../signals/seal";
import { Note } from "./note";
import { RecognitionIcon } from "./recognition-icon";

const MINUTE_MS = 60_000;

export function RecognitionCard({ instance }: { instance: RecognitionInstance }) {
  const people = usePeople();
  const now = useNow(MINUTE_MS);
  const { definition, metadata, pending } = instance;
  const title = definition?.title ?? nameOfRecognition(metadata) ?? "A recognition";
  const exact = instance.consensusTimestamp ? exactConsensusTime(instance.consensusTimestamp) : undefined;

  return (
    <li className="card flex flex-col gap-3 p-4">
      <div className="flex items-start gap-3">
        <span className="grid size-12 shrink-0 place-items-center rounded-full bg-copper-soft text-copper">
          {pending ? (
            <Hourglass aria-hidden="true" className="size-6" />
          ) : (
            <RecognitionIcon icon={definition?.icon ?? null} className="size-6" />
          )}
        </span>
        <div className="min-w-0 flex-1">
          <h2 className="font-display font-semibold text-lg leading-snug">
            <bdi>{title}</bdi>
          </h2>
          <p className="text-ink-soft text-sm">
            from {instance.actor ? <PersonLink person={people.person(instance.actor)} /> : "somebody"}
          </p>
        </div>
        <span className="-mt-1 -mr-1">
          <Seal signal={instance} />
        </span>
      </div>
      <Note instance={instance} />
      <div className="mt-auto flex flex-wrap items-center gap-2 text-ink-faint text-sm">
        <time dateTime={new Date(instance.ts).toISOString()} title={exact}>
          {timeAgo(instance.ts, Math.max(now, instance.ts))}
        </time>
        {pending && <Badge tone="copper">Definition still to come</Badge>}
        {!pending && definition?.category && <Badge>{definition.category}</Badge>}
      </div>
    </li>
  );
}
