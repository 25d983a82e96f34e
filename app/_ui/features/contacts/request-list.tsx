"use client";
import { MailCheck } from "lucide-react";
import { useActions } from "@/lib/client/api/actions";
import { usePeople } from "@/lib/client/format/people";
import { timeAgo, useNow } from "@/lib/client/format/time";
import { useIsIncomplete } from "@/lib/client/live/freshness";
import type { ContactRequest, ContactsAnswer } from "@/lib/wire/contacts";
import { Avatar } from "../../primitives/avatar";
import { Badge } from "../../primitives/badge";
import { Button } from "../../primitives/button";
import { NOT_ALL_READ, NothingYet } from "../nothing-yet";
import { PersonLink } from "../people/person-name";
import { usePerform } from "../use-perform";

export function RequestList({ requests }: { requests: ContactsAnswer["requests"] }) {
  const { incoming, outgoing } = requests;
  if (incoming.length === 0 && outgoing.length === 0) {
    return (
      <NothingYet title="No open requests" icon={<MailCheck aria-hidden="true" />}>
        Requests stay open until they are accepted. Nobody has to answer: leaving one alone says nothing on the ledger.
      </NothingYet>
    );
  }
  return (
    <div className="grid gap-8 lg:grid-cols-2">
      <Section
        title="Asking you"
        requests={incoming}
        empty="Nobody is waiting for you."
        note="To ignore a request, leave it alone. Nobody is told."
      >
        {(request) => <Accept request={request} />}
      </Section>
      <Section
        title="You asked"
        requests={outgoing}
        empty="You are waiting for nobody."
        note="You cannot take a request back: it stands on the ledger, where nothing is deleted. It stays open until it is accepted."
      >
        {() => <Badge>Waiting</Badge>}
      </Section>
    </div>
  );
}

interface SectionProps {
  title: string;
  requests: readonly ContactRequest[];
  empty: string;
  /** Shown below the title if there are requests. */
  note: string;
  children(request: ContactRequest): React.ReactNode;
}

const MINUTE_MS = 60_000;

function Section({ title, requests, empty, note, children }: SectionProps) {
  const { person } = usePeople();
  const now = useNow(MINUTE_MS);
  const none = useIsIncomplete() ? NOT_ALL_READ : empty;
  return (
    <section aria-label={title}>
      <h2 className="mb-1 font-display font-semibold text-ink-soft text-lg">{title}</h2>
      <p className={requests.length === 0 ? "py-3 text-ink-soft" : "max-w-prose text-ink-soft text-sm"}>
        {requests.length === 0 ? none : note}
      </p>
      <ul className="divide-y divide-line">
        {requests.map((request) => {
          const peer = person(request.peerId);
          return (
            <li key={request.peerId} className="flex items-center gap-3 py-3">
              <Avatar id={peer.id} name={peer.name} />
              <div className="min-w-0 flex-1">
                <PersonLink person={peer} />
                <p className="text-ink-faint text-sm">
                  {timeAgo(request.requestedAt, Math.max(now, request.requestedAt))}
                </p>
              </div>
              {children(request)}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

export function Accept({ request }: { request: { readonly peerId: string } }) {
  const { accept } = useActions();
  const { person } = usePeople();
  const { perform, busy } = usePerform();
  const { name } = person(request.peerId);
  const act = () =>
    perform(() => accept(request.peerId), {
      done: `You and ${name} are contacts`,
      failed: `The request of ${name} is still open`,
    });
  return (
    <Button look="primary" size="sm" busy={busy} onClick={() => void act()} aria-label={`Accept ${name}`}>
      Accept
    </Button>
  );
}
