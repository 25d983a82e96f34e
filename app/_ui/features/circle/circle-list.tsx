"use client";
import { useActions } from "@/lib/client/api/actions";
import type { People, Person } from "@/lib/client/format/people";
import type { Contact } from "@/lib/wire/contacts";
import { Avatar } from "../../primitives/avatar";
import { Button } from "../../primitives/button";
import { PersonLink } from "../people/person-name";
import { usePerform } from "../use-perform";
import type { Seating } from "./seats";

/** The circle in words, with the same content as the picture. */
export function CircleList({ seating, people }: { seating: Seating; people: People }) {
  const trusted = [
    ...seating.seats.flatMap((seat) => (seat.kind === "taken" ? [seat.contact] : [])),
    ...seating.beyond,
  ];
  const admirers = seating.around.filter((contact) => contact.trust.receivedFrom > 0);
  return (
    <>
      <Section title="You trust" empty="Nobody yet. Nine seats are free." contacts={trusted}>
        {(contact) => (
          <Line key={contact.peerId} person={people.person(contact.peerId)} note={noteOf(contact)}>
            <TakeBack contact={contact} person={people.person(contact.peerId)} />
          </Line>
        )}
      </Section>
      <Section title="They trust you" empty="Nobody else so far." contacts={admirers}>
        {(contact) => (
          <Line key={contact.peerId} person={people.person(contact.peerId)} note="you have not given them trust" />
        )}
      </Section>
    </>
  );
}

function noteOf({ trust }: Contact): string {
  const weight = trust.allocatedTo > 1 ? `weight ${trust.allocatedTo}, ` : "";
  return `${weight}${trust.receivedFrom > 0 ? "mutual" : "from you only"}`;
}

interface SectionProps {
  title: string;
  empty: string;
  contacts: readonly Contact[];
  children(contact: Contact): React.ReactNode;
}

function Section({ title, empty, contacts, children }: SectionProps) {
  return (
    <section aria-label={title}>
      <h2 className="font-display font-semibold text-ink-soft text-lg">{title}</h2>
      {contacts.length === 0 && <p className="py-2 text-ink-soft">{empty}</p>}
      <ul aria-label={title} className="divide-y divide-line">
        {contacts.map(children)}
      </ul>
    </section>
  );
}

function Line({ person, note, children }: { person: Person; note: string; children?: React.ReactNode }) {
  return (
    <li className="flex items-center gap-3 py-2">
      <Avatar id={person.id} name={person.name} size="sm" />
      <div className="min-w-0 flex-1">
        <PersonLink person={person} />
        <p className="text-ink-faint text-sm">{note}</p>
      </div>
      {children}
    </li>
  );
}

export function TakeBack({ contact, person, onDone }: { contact: Contact; person: Person; onDone?(): void }) {
  const { takeTrustBack } = useActions();
  const { perform, busy } = usePerform();
  const act = async () => {
    onDone?.();
    await perform(() => takeTrustBack(person.id, contact.trust.allocatedTo), {
      done: `Trust in ${person.name} taken back`,
      failed: `You still trust ${person.name}`,
    });
  };
  return (
    <Button size="sm" busy={busy} onClick={() => void act()} aria-label={`Take trust back from ${person.name}`}>
      Take back
    </Button>
  );
}
