"use client";
import Link from "next/link";
import useSWR from "swr";
import {
  audienceWords,
  dispositionWords,
  identityWords,
  messageHref,
  personHref,
  reasonWords,
  signatureWords,
} from "@/lib/client/admin/lookup";
import { getJson } from "@/lib/client/api/http";
import { type ProofVerdict, verifyProof } from "@/lib/client/browser/verify-proof";
import { authorWords } from "@/lib/client/format/author";
import { harmlessText } from "@/lib/client/format/harmless";
import { bytes, counted, whole } from "@/lib/client/format/numbers";
import { exactConsensusTime } from "@/lib/client/format/time";
import { MessageLookup } from "@/lib/wire/operators/lookup";
import { Facts } from "../frame/panel";
import { ToneBadge } from "../frame/tone-badge";
import { Found } from "./found";

interface Answer {
  readonly message: MessageLookup;
  readonly verdict: ProofVerdict;
}

async function load(path: string): Promise<Answer> {
  const message = await getJson(MessageLookup, path);
  return { message, verdict: await verifyProof(message.proof) };
}

export function MessageResult({ topicId, sequence }: { topicId: string; sequence: number }) {
  const path = `/api/admin/topics/${topicId}/messages/${sequence}`;
  const { data, error, mutate } = useSWR<Answer, Error>(path, () => load(path), { shouldRetryOnError: false });
  return (
    <Found data={data} error={error} onRetry={() => void mutate()}>
      {(answer) => <Message {...answer} />}
    </Found>
  );
}

const LINK = "underline underline-offset-4";

function Message({ message, verdict }: Answer) {
  const { topicId, sequence, chunk } = message;
  return (
    <section aria-label={`Message ${topicId}/${sequence}`} className="space-y-4">
      <div className="flex flex-wrap gap-2">
        <ToneBadge tone={message.disposition === "signal" ? "good" : "notice"}>{dispositionWords(message)}</ToneBadge>
        <ToneBadge tone={message.verification === "failed" ? "bad" : "plain"}>{message.verification}</ToneBadge>
      </div>
      <Facts
        facts={[
          ...(message.batch
            ? [["Type", `Batch of ${counted(message.batch.length, "signal")}`] as const]
            : ([
                ["Type", <bdi key="type">{message.type ?? "unknown"}</bdi>],
                ["From", <Person key="from" userId={message.actor} />],
                ["To", <Person key="to" userId={message.target} />],
              ] as const)),
          ...(message.identity
            ? [["Identity", <bdi key="identity">{identityWords(message.identity)}</bdi>] as const]
            : []),
          ["Payer", `${message.payer ?? "unknown"}${message.isTrustedPayer ? " (trusted)" : ""}`],
          ["Signature", signatureWords(message)],
          ...(message.author ? [["Author", authorWords(message.author)] as const] : []),
          ["Shown to", audienceWords(message)],
          ...(message.reason ? [["Reason", <bdi key="reason">{reasonWords(message.reason)}</bdi>] as const] : []),
          ...(chunk ? [["Chunk", `${whole(chunk.number)} of ${whole(chunk.total)}`] as const] : []),
          ["Consensus time", exactConsensusTime(message.consensusTimestamp)],
          ["Size", bytes(message.bytes)],
          ["Proof", <Verdict key="proof" verdict={verdict} mirrors={message.proof.mirrors} />],
        ]}
      />
      {message.batch && <Batch signals={message.batch} />}
      <bdi className="ledger block max-h-80 overflow-y-auto whitespace-pre-wrap rounded-lg bg-paper px-2.5 py-1.5 text-xs [overflow-wrap:anywhere]">
        {message.text === "" ? "no text" : harmlessText(message.text)}
      </bdi>
      <p className="flex gap-4 text-sm">
        {sequence > 1 && (
          <Link className={LINK} href={messageHref(topicId, sequence - 1)}>
            Previous
          </Link>
        )}
        <Link className={LINK} href={messageHref(topicId, sequence + 1)}>
          Next
        </Link>
        <Link className={LINK} href={`/admin/topics?topic=${topicId}`}>
          Topic
        </Link>
      </p>
    </section>
  );
}

function Batch({ signals }: { signals: NonNullable<MessageLookup["batch"]> }) {
  return (
    <ol aria-label="Signals of this batch" className="list-decimal space-y-1 pl-6 text-sm">
      {signals.map(({ type, actor, target }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the place of a signal never changes
        <li key={place}>
          <bdi>{type}</bdi> from <Person userId={actor} /> to <Person userId={target} />
        </li>
      ))}
    </ol>
  );
}

function Person({ userId }: { userId: string | null }) {
  if (userId === null) return "nobody";
  return (
    <Link className={LINK} href={personHref(userId)}>
      <bdi>{userId}</bdi>
    </Link>
  );
}

function Verdict({ verdict, mirrors }: { verdict: ProofVerdict; mirrors: number }) {
  if (verdict.kind === "unverifiable") return `not verifiable: ${verdict.reason}`;
  if (verdict.kind === "failed") return <span className="text-danger">the running hash does not match</span>;
  return `verified in this browser, chain of ${mirrors === 1 ? "one mirror" : `${mirrors} mirrors`}`;
}
