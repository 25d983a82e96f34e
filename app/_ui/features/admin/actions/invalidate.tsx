"use client";
import { useState } from "react";
import { invalidateWords, USER_ID_FAULT } from "@/lib/client/admin/sentences";
import { invalidateRequest } from "@/lib/client/admin/status";
import { parseUserId } from "@/lib/core/ledger/ids";
import { Button } from "../../../primitives/button";
import { Field } from "../../../primitives/field";
import { LedgerInput } from "../../../primitives/ledger-input";
import { Panel } from "../frame/panel";
import { ActionDialog, type Intent } from "./action-dialog";

const EVERYTHING = "everything";

const intentOf = (userId: string | null): Intent => ({
  request: invalidateRequest(userId),
  words: invalidateWords(userId),
  phrase: userId ?? EVERYTHING,
});

/** Drops the cached views of one person or of everybody. */
export function Invalidate() {
  const [intent, setIntent] = useState<Intent | null>(null);
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  const ask = () => {
    const userId = parseUserId(text.trim());
    if (userId) setIntent(intentOf(userId));
    else setError(USER_ID_FAULT);
  };
  return (
    <Panel
      title="Invalidate caches"
      note="For views that look wrong. The next read loads them from the database, on every instance."
    >
      <div className="flex flex-wrap items-start gap-x-8 gap-y-5">
        <form
          className="min-w-64 flex-1"
          onSubmit={(event) => {
            event.preventDefault();
            ask();
          }}
        >
          <Field label="Person" error={error}>
            {(control) => (
              <div className="flex gap-2">
                <LedgerInput
                  {...control}
                  value={text}
                  onValue={(value) => {
                    setText(value);
                    setError(null);
                  }}
                  placeholder="Account id"
                />
                <Button type="submit">Invalidate…</Button>
              </div>
            )}
          </Field>
        </form>
        <div className="space-y-1.5">
          <p className="font-medium text-sm">Everybody</p>
          <Button onClick={() => setIntent(intentOf(null))}>Invalidate everything…</Button>
        </div>
      </div>
      <ActionDialog intent={intent} onClose={() => setIntent(null)} />
    </Panel>
  );
}
