"use client";
import { useState } from "react";
import { useActions } from "@/lib/client/api/actions";
import { useContacts } from "@/lib/client/api/views/views";
import type { Person } from "@/lib/client/format/people";
import { calendarDate } from "@/lib/client/format/time";
import { useIsIncomplete } from "@/lib/client/live/freshness";
import type { Contact } from "@/lib/wire/contacts";
import { Button } from "../../primitives/button";
import { Skeleton } from "../../primitives/skeleton";
import { Asked, beforeAsking, type Found, noAccount, UnusedWarning } from "../contacts/before-asking";
import { Accept } from "../contacts/request-list";
import { RevokeDialog } from "../contacts/revoke-dialog";
import { NOT_ALL_READ } from "../nothing-yet";
import { RecogniseDialog } from "../recognition/recognise-dialog";
import { usePerform } from "../use-perform";

/** The relation between the signed-in user and this person, and the possible actions. */
export function Relation({ person }: { person: Person }) {
  const { data } = useContacts();
  if (!data) return <Skeleton className="h-36 rounded-card" />;
  const contact = data.contacts.find((entry) => entry.peerId === person.id);
  return (
    <section aria-labelledby="relation" className="card p-5 sm:p-6">
      <h2 id="relation" className="font-display font-semibold text-xl">
        You two
      </h2>
      {contact ? <Bonded person={person} contact={contact} /> : <NotBonded person={person} />}
    </section>
  );
}

function Bonded({ person, contact }: { person: Person; contact: Contact }) {
  const { giveTrust, takeTrustBack } = useActions();
  const { perform, busy } = usePerform();
  const [dialog, setDialog] = useState<"revoke" | "recognise" | null>(null);
  const { id, name } = person;
  const { allocatedTo, receivedFrom } = contact.trust;
  const toggleTrust = () =>
    allocatedTo > 0
      ? perform(() => takeTrustBack(id, allocatedTo), {
          done: `Trust in ${name} taken back`,
          failed: `You still trust ${name}`,
        })
      : perform(() => giveTrust(id), { done: `You trust ${name}`, failed: `No trust given to ${name}` });

  return (
    <>
      <ul className="mt-2 space-y-1 text-ink-soft">
        <li>Contacts since {calendarDate(contact.bondedAt)}.</li>
        <li>{allocatedTo > 0 ? "You trust them." : "You have not given them trust."}</li>
        <li>{receivedFrom > 0 ? "They trust you." : "They have not given you trust."}</li>
      </ul>
      <div className="mt-5 flex flex-wrap gap-2">
        <Button look={allocatedTo > 0 ? "quiet" : "primary"} busy={busy} onClick={() => void toggleTrust()}>
          {allocatedTo > 0 ? "Take trust back" : "Give trust"}
        </Button>
        <Button onClick={() => setDialog("recognise")}>Recognise</Button>
        <Button look="ghost" onClick={() => setDialog("revoke")} className="text-danger">
          End contact
        </Button>
      </div>
      <RevokeDialog person={person} open={dialog === "revoke"} onOpenChange={() => setDialog(null)} />
      <RecogniseDialog person={person} open={dialog === "recognise"} onOpenChange={() => setDialog(null)} />
    </>
  );
}

function NotBonded({ person }: { person: Person }) {
  const { request } = useActions();
  const isIncomplete = useIsIncomplete();
  const { perform, busy } = usePerform();
  const [isLooking, setIsLooking] = useState(false);
  const [found, setFound] = useState<Found>("known");
  const { id, name, relation } = person;
  if (relation === "incoming") {
    return (
      <>
        <p className="mt-2 mb-4 text-ink-soft">{name} asks to be your contact.</p>
        <Accept request={{ peerId: id }} />
      </>
    );
  }
  if (relation === "outgoing") {
    return (
      <p className="mt-2 text-ink-soft">
        {isIncomplete
          ? `You asked ${name}. ${NOT_ALL_READ} An answer shows here once it is read.`
          : `You asked ${name}, who has not answered yet.`}
      </p>
    );
  }
  if (isIncomplete) {
    return (
      <p className="mt-2 text-copper">
        {NOT_ALL_READ} So it does not know whether you are contacts. This page shows it once it does.
      </p>
    );
  }
  const ask = async () => {
    if (found !== "unused") {
      setIsLooking(true);
      const now = await beforeAsking(id);
      setIsLooking(false);
      setFound(now);
      if (now !== "known") return;
    }
    await perform(() => request(id, name), { done: <Asked id={id} />, failed: `${name} was not asked` });
  };
  return (
    <>
      <p className="mt-2 mb-4 text-ink-soft">You are not contacts. Profiles are shown between contacts only.</p>
      <Button look="primary" busy={busy || isLooking} onClick={() => void ask()}>
        {found === "unused" ? "Ask anyway" : "Ask to be contacts"}
      </Button>
      {found === "unused" && <UnusedWarning id={id} />}
      {found === "no-account" && (
        <p role="alert" className="mt-2 text-danger text-sm">
          {noAccount(id)}
        </p>
      )}
    </>
  );
}
