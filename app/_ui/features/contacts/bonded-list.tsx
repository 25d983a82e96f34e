"use client";
import { Users } from "lucide-react";
import { useMemo, useState } from "react";
import { usePeople } from "@/lib/client/format/people";
import type { Contact } from "@/lib/wire/contacts";
import { Button } from "../../primitives/button";
import { Select } from "../../primitives/select";
import { NothingYet } from "../nothing-yet";
import { SearchField } from "../people/person-picker";
import { ContactRow } from "./contact-row";

const ORDERS = {
  name: "By name",
  newest: "Newest first",
  trust: "Most trust first",
} as const;
type Order = keyof typeof ORDERS;

const trustOf = ({ trust }: Contact) => trust.allocatedTo + trust.receivedFrom;

export function BondedList({ contacts, onAdd }: { contacts: readonly Contact[]; onAdd(): void }) {
  const people = usePeople();
  const [query, setQuery] = useState("");
  const [order, setOrder] = useState<Order>("name");

  const shown = useMemo(() => {
    const words = query.trim().toLocaleLowerCase();
    const named = contacts.map((contact) => ({ contact, person: people.person(contact.peerId) }));
    const byName = (a: (typeof named)[number], b: (typeof named)[number]) => a.person.name.localeCompare(b.person.name);
    return named
      .filter(({ person }) => `${person.name} ${person.handle ?? ""} ${person.id}`.toLocaleLowerCase().includes(words))
      .sort((a, b) => {
        if (order === "newest") return b.contact.bondedAt - a.contact.bondedAt || byName(a, b);
        if (order === "trust") return trustOf(b.contact) - trustOf(a.contact) || byName(a, b);
        return byName(a, b);
      });
  }, [contacts, people, query, order]);

  if (contacts.length === 0) {
    return (
      <NothingYet
        title="Nobody here yet"
        icon={<Users aria-hidden="true" />}
        action={<Button onClick={onAdd}>Add a contact</Button>}
      >
        Ask somebody to be your contact. Once they accept, you can trust and recognise each other.
      </NothingYet>
    );
  }
  return (
    <>
      <div className="mb-3 grid gap-3 sm:grid-cols-[minmax(0,1fr)_auto]">
        <SearchField label="Search contacts" value={query} onChange={setQuery} />
        <Select
          aria-label="Order"
          value={order}
          onChange={(event) => setOrder(event.target.value as Order)}
          className="sm:w-48"
        >
          {Object.entries(ORDERS).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </div>
      <p role="status" className="sr-only">
        {shown.length} of {contacts.length} contacts
      </p>
      {shown.length === 0 && (
        <p className="py-10 text-center text-ink-soft">None of your contacts goes by that name or id.</p>
      )}
      <ul aria-label="Contacts" className="divide-y divide-line">
        {shown.map(({ contact, person }) => (
          <ContactRow key={contact.peerId} contact={contact} person={person} />
        ))}
      </ul>
    </>
  );
}
