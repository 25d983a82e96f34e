"use client";
import { Ellipsis } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { useActions } from "@/lib/client/api/actions";
import type { Person } from "@/lib/client/format/people";
import { calendarDate } from "@/lib/client/format/time";
import type { Contact } from "@/lib/wire/contacts";
import { Avatar } from "../../primitives/avatar";
import { Button } from "../../primitives/button";
import { Menu } from "../../primitives/overlays/menu";
import { profileHref } from "../people/person-name";
import { RecogniseDialog } from "../recognition/recognise-dialog";
import { usePerform } from "../use-perform";
import { RevokeDialog } from "./revoke-dialog";
import { TrustBadges } from "./trust-badges";

export function ContactRow({ contact, person }: { contact: Contact; person: Person }) {
  const { giveTrust, takeTrustBack } = useActions();
  const { perform } = usePerform();
  const [dialog, setDialog] = useState<"revoke" | "recognise" | null>(null);
  const { id, name } = person;
  const given = contact.trust.allocatedTo;

  const give = () => perform(() => giveTrust(id), { done: `You trust ${name}`, failed: `No trust given to ${name}` });
  const takeBack = () =>
    perform(() => takeTrustBack(id, given), { done: `Trust in ${name} taken back`, failed: `You still trust ${name}` });

  return (
    <li className="flex items-center gap-3 py-3">
      <Avatar id={id} name={name} />
      <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-4 gap-y-1">
        <div className="min-w-0 flex-1 basis-44">
          <Link
            href={profileHref(id)}
            prefetch={false}
            className="block max-w-fit truncate rounded font-semibold underline-offset-3 hover:underline"
          >
            <bdi>{name}</bdi>
          </Link>
          <p className="text-ink-faint text-sm">
            {person.handle && <bdi className="hidden sm:inline">{person.handle} · </bdi>}
            since {calendarDate(contact.bondedAt)}
          </p>
        </div>
        <TrustBadges trust={contact.trust} />
      </div>
      <Menu
        trigger={
          <Button look="ghost" size="icon" aria-label={`Actions for ${name}`}>
            <Ellipsis aria-hidden="true" className="size-5" />
          </Button>
        }
      >
        {({ MenuItem, MenuSeparator }) => (
          <>
            {given > 0 ? (
              <MenuItem onSelect={() => void takeBack()}>Take trust back</MenuItem>
            ) : (
              <MenuItem onSelect={() => void give()}>Give trust</MenuItem>
            )}
            <MenuItem onSelect={() => setDialog("recognise")}>Recognise…</MenuItem>
            <MenuSeparator />
            <MenuItem danger onSelect={() => setDialog("revoke")}>
              End contact…
            </MenuItem>
          </>
        )}
      </Menu>
      <RevokeDialog person={person} open={dialog === "revoke"} onOpenChange={() => setDialog(null)} />
      <RecogniseDialog person={person} open={dialog === "recognise"} onOpenChange={() => setDialog(null)} />
    </li>
  );
}
