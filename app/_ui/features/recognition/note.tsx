"use client";
import { useId, useState } from "react";
import { usePeople } from "@/lib/client/format/people";
import { plainText, shortened } from "@/lib/client/format/plain-text";
import type { RecognitionInstance } from "@/lib/wire/recognition";

/** A dozen lines of a card: our own form takes half of that, and one long note does not push the others off the page. */
const SHOWN_AT_FIRST = 400;
/** More than the server sends of one message (core/signals/metadata.ts). */
const MOST = 5_000;

const text = (value: unknown): string | null => plainText(value, MOST);

/** The words that came with a recognition. Long ones show their beginning, and the rest on request. */
export function Note({ instance }: { instance: RecognitionInstance }) {
  const { metadata, actor, truncated = false } = instance;
  const people = usePeople();
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const whole = text(metadata.note) ?? text(metadata.message);
  if (whole === null) return null;
  const beginning = shortened(whole, SHOWN_AT_FIRST);
  const isLong = beginning !== whole;
  return (
    <div className="space-y-1 border-copper border-l-2 pl-3 text-ink-soft">
      <blockquote id={id} className="wrap-anywhere">
        <bdi>{isOpen ? whole : beginning}</bdi>
      </blockquote>
      {truncated && (isOpen || !isLong) && (
        <p className="text-ink-faint text-sm">This message is too long for this page. The ledger has all of it.</p>
      )}
      {isLong && (
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => setOpen(!isOpen)}
          className="-ml-1.5 min-h-7 rounded-md px-1.5 font-medium text-accent-strong text-sm hover:bg-accent-soft"
        >
          {isOpen ? "Show less" : "Show all"}
          <span className="sr-only"> of the words from {actor ? people.person(actor).name : "somebody"}</span>
        </button>
      )}
    </div>
  );
}
