"use client";
import Link from "next/link";
import useSWR from "swr";
import { messageHref, tierWords } from "@/lib/client/admin/lookup";
import { getJson } from "@/lib/client/api/http";
import { bytes, durationText, whole } from "@/lib/client/format/numbers";
import { calendarDate, clockTime, exactConsensusTime, useNow } from "@/lib/client/format/time";
import { PersonLookup } from "@/lib/wire/operators/lookup";
import { Badge } from "../../../primitives/badge";
import { Facts } from "../frame/panel";
import { Found } from "./found";

const LINK = "ledger text-xs underline underline-offset-4";

export function PersonResult({ userId }: { userId: string }) {
  const path = `/api/admin/people/${encodeURIComponent(userId)}`;
  const { data, error, mutate } = useSWR<PersonLookup, Error>(path, () => getJson(PersonLookup, path), {
    shouldRetryOnError: false,
  });
  return (
    <Found data={data} error={error} onRetry={() => void mutate()}>
      {(person) => <Person person={person} />}
    </Found>
  );
}

function Person({ person }: { person: PersonLookup }) {
  const { counts, sessions, caches, accounts } = person;
  return (
    <section aria-label={`Person ${person.userId}`} className="space-y-5">
      <p>
        <bdi className="font-medium">{person.name ?? "no profile"}</bdi>{" "}
        <span className="ledger text-ink-soft text-xs">{person.userId}</span>
      </p>
      <div className="grid gap-x-8 gap-y-5 md:grid-cols-2">
        <Facts
          facts={[
            ["Position", whole(person.position)],
            ["Signals", signalsKept(counts)],
            ["Contacts", whole(counts.contacts)],
            ["Requests in", whole(counts.requestsIn)],
            ["Requests out", whole(counts.requestsOut)],
            ["Tier", tierWords(person)],
            ["Bound accounts", accounts.length === 0 ? "none" : accounts.join(", ")],
            ["Open streams", `${whole(sessions.openStreams)} on this instance`],
            ["Signed out", <SignedOut key="s" untilMs={sessions.endedUntilMs} />],
          ]}
        />
        <Facts
          facts={person.topics.map(({ kind, topicId }) => [
            `Topic for ${kind}`,
            <Link key={kind} className={LINK} href={`/admin/topics?topic=${topicId}`}>
              {topicId}
            </Link>,
          ])}
        />
      </div>
      <div className="grid gap-x-8 gap-y-5 md:grid-cols-2">
        <Copies title="Memory (L1) of this instance" copies={caches.l1} position={person.position} />
        <Copies title="Redis (L2)" copies={caches.redis} position={person.position} />
      </div>
      <LastWrites writes={person.lastWrites} />
    </section>
  );
}

/** `12`, or `12, and 285 no longer kept` */
function signalsKept({ signals, droppedSignals = 0 }: PersonLookup["counts"]): string {
  const kept = whole(Math.max(0, signals - droppedSignals));
  return droppedSignals === 0 ? kept : `${kept}, and ${whole(droppedSignals)} no longer kept`;
}

function SignedOut({ untilMs }: { untilMs: number | null }) {
  return untilMs === null
    ? "never, as far as known"
    : `all sessions from before ${calendarDate(untilMs)}, ${clockTime(untilMs)}`;
}

interface CopiesProps {
  title: string;
  copies: PersonLookup["caches"]["redis"];
  /** The person's position in Postgres. */
  position: number;
}

function Copies({ title, copies, position }: CopiesProps) {
  const now = useNow();
  return (
    <section aria-label={title}>
      <h3 className="font-medium text-sm">{title}</h3>
      {copies === null && <p className="text-ink-soft text-sm">No Redis, or it is down.</p>}
      {copies?.length === 0 && <p className="text-ink-soft text-sm">No copies.</p>}
      <ul className="divide-y divide-line text-sm">
        {copies?.map((copy) => (
          <li key={copy.view} className="flex flex-wrap items-center gap-x-2 py-1.5">
            <span>{copy.view}</span>
            <Badge tone={copy.isFresh ? "accent" : "gold"}>{copy.isFresh ? "fresh" : "expired"}</Badge>
            <span className="ml-auto text-ink-soft text-xs tabular-nums">
              {bytes(copy.bytes)}, {durationText(Math.max(0, now - copy.readMs))} old, position {whole(copy.position)}
              {copy.position < position && ` (${whole(position - copy.position)} behind)`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function LastWrites({ writes }: { writes: PersonLookup["lastWrites"] }) {
  return (
    <section aria-label="Last writes">
      <h3 className="font-medium text-sm">Last writes</h3>
      {writes.length === 0 && <p className="text-ink-soft text-sm">None.</p>}
      <ul className="divide-y divide-line text-sm">
        {writes.map(({ topicId, sequence, type, consensusTimestamp }) => (
          <li key={consensusTimestamp} className="flex flex-wrap items-baseline gap-x-3 py-1.5">
            <Link className={LINK} href={messageHref(topicId, sequence)}>
              {topicId}/{sequence}
            </Link>
            <bdi>{type ?? "unknown type"}</bdi>
            <span className="text-ink-soft text-xs">{exactConsensusTime(consensusTimestamp)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
