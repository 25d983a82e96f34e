"use client";
import { useState } from "react";
import { useActions } from "@/lib/client/api/actions";
import { useContacts, useRecognition } from "@/lib/client/api/views/views";
import { type Person, usePeople } from "@/lib/client/format/people";
import type { Definition } from "@/lib/wire/recognition";
import { Button } from "../../primitives/button";
import { Field } from "../../primitives/field";
import { Dialog } from "../../primitives/overlays/dialog";
import { Select } from "../../primitives/select";
import { usePerform } from "../use-perform";

export interface RecogniseDialogProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  /** Chosen beforehand if the dialog was opened from a person or a definition. */
  person?: Person | null;
  definition?: Definition | null;
}

export function RecogniseDialog(props: RecogniseDialogProps) {
  return (
    <Dialog
      open={props.open}
      onOpenChange={props.onOpenChange}
      title={props.person ? `Recognise ${props.person.name}` : "Recognise somebody"}
      description="It is written to the ledger in your name and cannot be taken back."
    >
      <RecogniseForm {...props} />
    </Dialog>
  );
}

/** One transaction holds a ledger message of 1,024 bytes. This limit keeps even the longest note within one. */
const MAX_NOTE = 200;

function RecogniseForm({ person = null, definition = null, onOpenChange }: RecogniseDialogProps) {
  const { data: contacts } = useContacts();
  const recognition = useRecognition();
  const people = usePeople();
  const { recognise } = useActions();
  const { perform, busy } = usePerform();
  const [peer, setPeer] = useState(person?.id ?? "");
  const [chosen, setChosen] = useState(definition?.id ?? "");
  const [note, setNote] = useState("");
  const [tried, setTried] = useState(false);

  const peers = (contacts?.contacts ?? [])
    .map((contact) => people.person(contact.peerId))
    .sort((a, b) => a.name.localeCompare(b.name));
  const definitions = [...recognition.definitions].sort((a, b) => a.title.localeCompare(b.title));

  const send = async (event: React.FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!peer || !chosen) return;
    const { name } = people.person(peer);
    const done = await perform(() => recognise(peer, chosen, note.trim()), {
      done: `You recognised ${name}`,
      failed: `${name} was not recognised`,
    });
    if (done) onOpenChange(false);
  };

  return (
    <form onSubmit={send} className="space-y-4" noValidate>
      {!person && (
        <Field label="Who" error={tried && !peer ? "Choose one of your contacts." : null}>
          {(control) => (
            <Select {...control} value={peer} onChange={(event) => setPeer(event.target.value)}>
              <option value="">Choose a contact</option>
              {peers.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </Select>
          )}
        </Field>
      )}
      <Field label="For what" error={tried && !chosen ? "Choose a recognition." : null}>
        {(control) => (
          <Select {...control} value={chosen} onChange={(event) => setChosen(event.target.value)}>
            <option value="">Choose a recognition</option>
            {definitions.map(({ id, title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="A few words" hint={`Optional. ${MAX_NOTE - note.length} characters left.`}>
        {(control) => (
          <textarea
            {...control}
            rows={3}
            maxLength={MAX_NOTE}
            value={note}
            onChange={(event) => setNote(event.target.value)}
            className="field resize-y"
          />
        )}
      </Field>
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy}>
          Recognise
        </Button>
      </div>
    </form>
  );
}
