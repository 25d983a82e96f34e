"use client";
import Link from "next/link";
import { usePeople } from "@/lib/client/format/people";
import { calendarDate } from "@/lib/client/format/time";
import type { Contact } from "@/lib/wire/contacts";
import { Avatar } from "../../primitives/avatar";
import { buttonClass } from "../../primitives/button";
import { Dialog } from "../../primitives/overlays/dialog";
import { TrustBadges } from "../contacts/trust-badges";
import { profileHref } from "../people/person-name";
import { TakeBack } from "./circle-list";

/** The person in a seat, and the possible actions. */
export function SeatDialog({ contact, onClose }: { contact: Contact | null; onClose(): void }) {
  const { person } = usePeople();
  if (!contact) return null;
  const who = person(contact.peerId);
  return (
    <Dialog open onOpenChange={onClose} title={who.name}>
      <div className="flex items-center gap-4">
        <Avatar id={who.id} name={who.name} size="lg" />
        <div className="space-y-1.5">
          <TrustBadges trust={contact.trust} />
          <p className="text-ink-soft text-sm">Contacts since {calendarDate(contact.bondedAt)}</p>
        </div>
      </div>
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Link href={profileHref(who.id)} className={buttonClass("quiet", "sm")}>
          Profile
        </Link>
        <TakeBack contact={contact} person={who} onDone={onClose} />
      </div>
    </Dialog>
  );
}
