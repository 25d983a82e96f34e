"use client";
import { useState } from "react";
import { parseMessagePlace } from "@/lib/client/admin/lookup";
import { USER_ID_FAULT } from "@/lib/client/admin/sentences";
import { parseUserId } from "@/lib/core/ledger/ids";
import { Button } from "../../../primitives/button";
import { Field } from "../../../primitives/field";
import { LedgerInput } from "../../../primitives/ledger-input";
import { useUrlState } from "../../url-state";
import { Panel } from "../frame/panel";
import { MessageResult } from "./message-result";
import { PersonResult } from "./person-result";

/** Looks up one person and one message, which the address names. */
export function Lookup() {
  const { get, set } = useUrlState();
  const person = parseUserId(get("person") ?? "");
  const message = parseMessagePlace(get("message"));
  return (
    <>
      <Panel title="Person">
        <Form
          key={`person ${person}`}
          label="Account id"
          start={person ?? ""}
          placeholder="0.0.7226146"
          fault={USER_ID_FAULT}
          isGood={(text) => parseUserId(text) !== null}
          onAsk={(text) => set({ person: text }, "push")}
        >
          {person && <PersonResult userId={person} />}
        </Form>
      </Panel>
      <Panel title="Message">
        <Form
          key={`message ${get("message")}`}
          label="Topic and sequence number"
          start={message ? `${message.topicId}/${message.sequence}` : ""}
          placeholder="0.0.7148063/31415"
          fault="Write the topic and the sequence number, which counts from 1: 0.0.7148063/31415."
          isGood={(text) => parseMessagePlace(text) !== null}
          onAsk={(text) => {
            const place = parseMessagePlace(text);
            if (place) set({ message: `${place.topicId}/${place.sequence}` }, "push");
          }}
        >
          {message && <MessageResult {...message} />}
        </Form>
      </Panel>
    </>
  );
}

interface FormProps {
  label: string;
  start: string;
  placeholder: string;
  fault: string;
  isGood(text: string): boolean;
  onAsk(text: string): void;
  /** The result. It is hidden while the form shows a fault, because it belongs to an earlier look-up. */
  children: React.ReactNode;
}

function Form({ label, start, placeholder, fault, isGood, onAsk, children }: FormProps) {
  const [text, setText] = useState(start);
  const [error, setError] = useState<string | null>(null);
  const ask = () => {
    const trimmed = text.trim();
    if (isGood(trimmed)) onAsk(trimmed);
    else setError(fault);
  };
  return (
    <>
      <form
        noValidate
        className="max-w-md"
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
      >
        <Field label={label} error={error}>
          {(control) => (
            <div className="flex gap-2">
              <LedgerInput
                {...control}
                value={text}
                onValue={(value) => {
                  setText(value);
                  setError(null);
                }}
                placeholder={placeholder}
              />
              <Button type="submit">Look up</Button>
            </div>
          )}
        </Field>
      </form>
      {error === null && children}
    </>
  );
}
