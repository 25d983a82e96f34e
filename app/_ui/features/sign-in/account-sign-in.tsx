"use client";
import { Copy } from "lucide-react";
import { useRef, useState } from "react";
import { reasonOf } from "@/lib/client/api/http";
import { askChallenge, signInWithSignature } from "@/lib/client/api/sign-in";
import { Button } from "../../primitives/button";
import { Field } from "../../primitives/field";

const LABELS = { accountId: "The Hedera account", signatureMap: "The signature" };

/** Sign-in by signing a text with the account's key, in any wallet or tool that holds it. */
export function AccountSignIn({ next }: { next: string }) {
  const [accountId, setAccountId] = useState("");
  const [challenge, setChallenge] = useState<string | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const perform = async (work: () => Promise<void>) => {
    setBusy(true);
    setRefusal(null);
    try {
      await work();
    } catch (error) {
      setRefusal(reasonOf(error, LABELS));
    } finally {
      setBusy(false);
    }
  };
  const ask = (event: React.FormEvent) => {
    event.preventDefault();
    void perform(async () => setChallenge((await askChallenge(accountId.trim())).challenge));
  };
  const answer = (signatureMap: string) =>
    perform(async () => {
      try {
        await signInWithSignature(accountId.trim(), challenge ?? "", signatureMap);
        window.location.assign(next);
      } catch (error) {
        // A challenge accepts one answer, so the next try needs a new one.
        setChallenge((await askChallenge(accountId.trim())).challenge);
        throw error;
      }
    });
  const startOver = () => {
    setChallenge(null);
    setRefusal(null);
  };

  return (
    <div className="space-y-4">
      {refusal && (
        <p role="alert" className="rounded-control bg-danger-soft px-4 py-3 text-danger">
          {refusal}
        </p>
      )}
      {challenge === null ? (
        <form onSubmit={ask} className="space-y-4" noValidate>
          <Field label="Hedera account" hint="Its id, like 0.0.7226146. Your wallet shows it.">
            {(control) => (
              <input
                {...control}
                value={accountId}
                onChange={(event) => setAccountId(event.target.value)}
                autoComplete="username"
                inputMode="decimal"
                spellCheck={false}
                className="field ledger"
              />
            )}
          </Field>
          <Button type="submit" look="primary" busy={busy}>
            Continue
          </Button>
        </form>
      ) : (
        <Answer
          key={challenge}
          challenge={challenge}
          busy={busy}
          onAnswer={(signatureMap) => void answer(signatureMap)}
          onBack={startOver}
        />
      )}
    </div>
  );
}

interface AnswerProps {
  challenge: string;
  busy: boolean;
  onAnswer(signatureMap: string): void;
  onBack(): void;
}

function Answer({ challenge, busy, onAnswer, onBack }: AnswerProps) {
  const [signatureMap, setSignatureMap] = useState("");
  const text = useRef<HTMLPreElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(challenge);
    setCopied(true);
  };
  const send = (event: React.FormEvent) => {
    event.preventDefault();
    onAnswer(signatureMap.replace(/\s+/g, ""));
  };
  return (
    <form onSubmit={send} className="space-y-4" noValidate>
      <section aria-labelledby="challenge-title" className="space-y-1.5">
        <div className="flex items-center justify-between gap-3">
          <h2 id="challenge-title" className="font-medium text-sm">
            Sign this exact message within five minutes
          </h2>
          <Button
            size="sm"
            onClick={() => void copy().catch(() => window.getSelection()?.selectAllChildren(text.current as Node))}
          >
            <Copy aria-hidden="true" className="size-4" />
            {copied ? "Copied" : "Copy"}
          </Button>
        </div>
        <pre
          ref={text}
          className="ledger whitespace-pre-wrap rounded-control border border-line bg-surface p-3 text-xs"
        >
          {challenge}
        </pre>
      </section>
      <Field label="Signature" hint="The wallet's answer: a signature map in base64.">
        {(control) => (
          <textarea
            {...control}
            rows={4}
            value={signatureMap}
            onChange={(event) => setSignatureMap(event.target.value)}
            autoCapitalize="off"
            autoComplete="off"
            spellCheck={false}
            className="field ledger resize-y text-xs"
          />
        )}
      </Field>
      <div className="flex flex-wrap gap-3">
        <Button type="submit" look="primary" busy={busy}>
          Sign in
        </Button>
        <Button look="ghost" onClick={onBack}>
          Use another account
        </Button>
      </div>
    </form>
  );
}
