"use client";
import { useMemo, useState } from "react";
import { useCircle, useContacts } from "@/lib/client/api/views/views";
import { usePeople } from "@/lib/client/format/people";
import { useIsIncomplete } from "@/lib/client/live/freshness";
import { CIRCLE_SLOTS } from "@/lib/wire/contacts";
import { Button } from "../../primitives/button";
import { Skeleton } from "../../primitives/skeleton";
import { NOT_ALL_READ } from "../nothing-yet";
import { PageHeader } from "../page-header";
import { ReadError } from "../read-error";
import { CircleList } from "./circle-list";
import { CirclePicture } from "./circle-picture";
import { CircleStats } from "./circle-stats";
import { GiveTrustDialog } from "./give-trust-dialog";
import { SeatDialog } from "./seat-dialog";
import { seat } from "./seats";

/** The id of the sentence that says why no trust can be given. */
const FULL = "circle-full";

export function CirclePage() {
  const contacts = useContacts();
  const circle = useCircle();
  const people = usePeople();
  const isIncomplete = useIsIncomplete();
  const [giving, setGiving] = useState(false);
  const [open, setOpen] = useState<string | null>(null);
  const seating = useMemo(() => (contacts.data ? seat(contacts.data) : null), [contacts.data]);
  const isFull = seating !== null && (circle.data?.trustStats.allocatedOut ?? seating.given) >= CIRCLE_SLOTS;
  const over = circle.data?.trustStats.overAllocated ?? (seating ? seating.given > CIRCLE_SLOTS : false);

  return (
    <>
      <PageHeader
        title="Circle"
        action={
          <Button
            look="primary"
            onClick={() => setGiving(true)}
            disabled={!seating || isFull}
            aria-describedby={isFull && !over ? FULL : undefined}
          >
            Give trust
          </Button>
        }
      >
        Nine seats, no more. Trust that you give here is a message on the ledger, and so is taking it back.
      </PageHeader>
      {seating ? (
        <div className="grid items-start gap-x-10 gap-y-8 xl:grid-cols-[minmax(0,1.25fr)_minmax(17rem,1fr)]">
          <div>
            <CirclePicture seating={seating} people={people} onSeat={setOpen} onEmpty={() => setGiving(true)} />
            <Legend />
          </div>
          <div className="space-y-6">
            {isIncomplete && (
              <p className="text-copper text-sm">
                {NOT_ALL_READ} Contacts and trust that are missing show here once they are read.
              </p>
            )}
            <CircleStats seating={seating} circle={circle.data} over={over} />
            {isFull && !over && (
              <p id={FULL} className="text-ink-soft text-sm">
                Your nine seats are taken. Take trust back from somebody to give it to another.
              </p>
            )}
            <CircleList seating={seating} people={people} />
          </div>
        </div>
      ) : contacts.error ? (
        <ReadError
          title="Your circle could not be read"
          error={contacts.error}
          onRetry={() => void Promise.all([contacts.mutate(), circle.mutate()])}
        />
      ) : (
        <div role="status" aria-label="Loading your circle" className="grid place-items-center py-6">
          <Skeleton className="size-72 rounded-full sm:size-96" />
        </div>
      )}
      <GiveTrustDialog open={giving} onOpenChange={setGiving} candidates={seating?.around ?? []} />
      <SeatDialog
        contact={contacts.data?.contacts.find((contact) => contact.peerId === open) ?? null}
        onClose={() => setOpen(null)}
      />
    </>
  );
}

function Legend() {
  return (
    <ul className="mt-4 flex flex-wrap justify-center gap-x-5 gap-y-1 text-ink-soft text-sm">
      <li className="flex items-center gap-2">
        <span aria-hidden="true" className="h-0.75 w-5 rounded bg-accent" />
        you trust them
      </li>
      <li className="flex items-center gap-2">
        <span aria-hidden="true" className="h-0.75 w-5 rounded bg-gold" />
        they trust you
      </li>
      <li className="flex items-center gap-2">
        <span aria-hidden="true" className="size-2.5 rounded-full border border-line-strong bg-raised" />
        other contacts
      </li>
    </ul>
  );
}
