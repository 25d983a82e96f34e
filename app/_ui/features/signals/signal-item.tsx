"use client";
import clsx from "clsx";
import { Award, ChevronDown, HeartHandshake, type LucideIcon, Mail, UserRoundPen, Users } from "lucide-react";
import { memo, useId, useState } from "react";
import type { People } from "@/lib/client/format/people";
import { type Category, categoryOf, type SentencePart, sentenceOf } from "@/lib/client/format/sentences";
import { exactConsensusTime, timeAgo, useNow } from "@/lib/client/format/time";
import type { Signal } from "@/lib/wire/signals";
import { Tooltip } from "../../primitives/overlays/tooltip";
import { PersonLink } from "../people/person-name";
import { Seal } from "./seal";
import { SignalDetails } from "./signal-details";

const ICONS: Record<Category, LucideIcon> = {
  contact: Users,
  trust: HeartHandshake,
  recognition: Award,
  profile: UserRoundPen,
  other: Mail,
};

const TINTS: Record<Category, string> = {
  contact: "bg-accent-soft text-accent-strong",
  trust: "bg-gold-soft text-gold",
  recognition: "bg-copper-soft text-copper",
  profile: "bg-raised text-ink-soft",
  other: "bg-raised text-ink-soft",
};

const MINUTE_MS = 60_000;

export interface SignalItemProps {
  signal: Signal;
  people: People;
  recognitionTitle(id: string): string | null;
  /** Whether the signal arrived while the page was open. */
  arrived: boolean;
}

export const SignalItem = memo(function SignalItem({ signal, people, recognitionTitle, arrived }: SignalItemProps) {
  const [open, setOpen] = useState(false);
  const detailsId = useId();
  const category = categoryOf(signal.type);
  const Icon = ICONS[category];
  const parts = sentenceOf(signal, { self: people.self, recognitionTitle });

  return (
    <li data-signal={signal.id} className={clsx("relative rounded-card", arrived && "animate-arrive")}>
      <div className="flex items-start gap-3 py-3">
        <span
          className={clsx(
            "z-1 mt-0.5 grid size-9 shrink-0 place-items-center rounded-full border border-line",
            TINTS[category],
          )}
        >
          <Icon aria-hidden="true" className="size-4.5" />
        </span>
        <div className="min-w-0 flex-1">
          <p>
            <Sentence parts={parts} people={people} />
          </p>
          <When signal={signal} open={open} controls={detailsId} onToggle={() => setOpen(!open)} />
        </div>
        <Seal signal={signal} />
      </div>
      <div id={detailsId} hidden={!open}>
        {open && <SignalDetails signal={signal} />}
      </div>
    </li>
  );
});

/** Parts have no identity and never move, so their place is their key. */
function Sentence({ parts, people }: { parts: readonly SentencePart[]; people: People }) {
  return parts.map((part, at) => {
    const key = `${at}`;
    if (typeof part === "string") return <span key={key}>{part}</span>;
    if ("strong" in part)
      return (
        <bdi key={key} className="font-semibold">
          {part.strong}
        </bdi>
      );
    return <PersonLink key={key} person={people.person(part.person)} />;
  });
}

interface WhenProps {
  signal: Signal;
  open: boolean;
  controls: string;
  onToggle(): void;
}

function When({ signal, open, controls, onToggle }: WhenProps) {
  const now = useNow(MINUTE_MS);
  const pending = signal.source === "pending";
  const exact = signal.consensusTimestamp
    ? exactConsensusTime(signal.consensusTimestamp)
    : "The network has not reported its time yet";
  return (
    <Tooltip text={<span className="ledger">{exact}</span>}>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={controls}
        onClick={onToggle}
        className="-ml-1.5 inline-flex min-h-7 flex-wrap items-center gap-x-1.5 rounded-md px-1.5 text-left text-ink-faint text-sm hover:text-ink"
      >
        <time dateTime={new Date(signal.ts).toISOString()}>
          {pending ? "on its way to the ledger" : timeAgo(signal.ts, Math.max(now, signal.ts))}
        </time>
        <span className="ledger text-xs">
          {signal.topicId} #{signal.sequenceNumber}
        </span>
        <ChevronDown aria-hidden="true" className={clsx("size-4 transition-transform", open && "rotate-180")} />
        <span className="sr-only">Details</span>
      </button>
    </Tooltip>
  );
}
