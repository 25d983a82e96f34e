"use client";
import { useState } from "react";
import { USER_ID_FAULT } from "@/lib/client/admin/sentences";
import { activeOf, type Group, groupKey, isInGroup, ownersOf } from "@/lib/client/admin/shard-groups";
import { NO_KEY, segmentsFault, splitSentences, splitWords } from "@/lib/client/admin/shard-sentences";
import { splitRequest } from "@/lib/client/admin/status";
import { parseUserId, TOPIC_KINDS, type TopicKind } from "@/lib/core/ledger/ids";
import type { ShardsAnswer } from "@/lib/wire/operators/shards";
import { Button } from "../../../primitives/button";
import { Field } from "../../../primitives/field";
import { LedgerInput } from "../../../primitives/ledger-input";
import { Select } from "../../../primitives/select";
import type { Intent } from "../actions/action-dialog";
import { Panel } from "../frame/panel";

export interface SplitFormProps {
  answer: ShardsAnswer;
  onAct(intent: Intent): void;
}

/** Asks for more topics of a kind for a group, and shows the effect beforehand. */
export function SplitForm(props: SplitFormProps) {
  return (
    <Panel title="Split" note="Adds topics to a group without downtime. To undo it, drain them.">
      {props.answer.canCreate ? <Form {...props} /> : <p className="text-copper">{NO_KEY}</p>}
    </Panel>
  );
}

/** Any user, even one without own topics so far. */
const ONE_USER = "one user";

function Form({ answer, onAct }: SplitFormProps) {
  const [kind, setKind] = useState<TopicKind>("contact");
  const [whose, setWhose] = useState("standard");
  const [userText, setUserText] = useState("");
  // The typed number belongs to the current number of segments. When that changes, the form offers the next number again.
  const [typed, setTyped] = useState<{ readonly of: string; readonly text: string } | null>(null);
  const [isAsked, setAsked] = useState(false);

  const owners = ownersOf(answer);
  const known = owners.find((each) => nameOf(each) === whose);
  const userId = parseUserId(userText.trim());
  const group: Group = known ? { ...known, kind } : { tier: "busy", kind, owner: userId ?? "" };
  const has = activeOf(answer.shards, group).length;
  const of = `${groupKey(group)} ${has}`;
  const text = typed?.of === of ? typed.text : `${has + 1}`;
  const fault = segmentsFault(text, has, unfinishedOf(answer, group, has));
  const userFault = known || userId ? null : USER_ID_FAULT;
  const to = Number(text);

  const ask = () => {
    setAsked(true);
    if (fault || userFault) return;
    onAct({
      request: splitRequest({ ...group, to }),
      words: splitWords(group, has, to),
      phrase: `${groupKey(group)} ${to}`,
    });
  };
  return (
    <form
      noValidate
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <div className="grid items-start gap-4 sm:grid-cols-3">
        <Field label="Kind">
          {(control) => (
            <Select {...control} value={kind} onChange={(event) => setKind(event.target.value as TopicKind)}>
              {TOPIC_KINDS.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Group">
          {(control) => (
            <Select {...control} value={whose} onChange={(event) => setWhose(event.target.value)}>
              {owners.map((each) => (
                <option key={nameOf(each)} value={nameOf(each)}>
                  {nameOf(each)}
                </option>
              ))}
              <option value={ONE_USER}>one user's own…</option>
            </Select>
          )}
        </Field>
        <Field label="Segments" error={isAsked || typed?.of === of ? fault : null} hint={`${has} now`}>
          {(control) => (
            <input
              {...control}
              value={text}
              onChange={(event) => setTyped({ of, text: event.target.value })}
              inputMode="numeric"
              autoComplete="off"
              className="field tabular-nums"
            />
          )}
        </Field>
      </div>
      {!known && (
        <Field label="User" error={isAsked ? userFault : null} hint="Useful from about 10,000 signals.">
          {(control) => <LedgerInput {...control} value={userText} onValue={setUserText} placeholder="Account id" />}
        </Field>
      )}
      {!fault && !userFault && (
        <p data-testid="split-preview" className="max-w-prose text-sm">
          {splitSentences(group, has, to)}
        </p>
      )}
      <Button type="submit">Split…</Button>
    </form>
  );
}

const nameOf = ({ tier, owner }: Pick<Group, "tier" | "owner">): string =>
  owner === null ? tier : `${owner} (${tier === "busy" ? "a user" : tier})`;

/** Target of the pending split of the group; null without one. */
function unfinishedOf({ shards }: ShardsAnswer, group: Group, has: number): number | null {
  const coming = shards.filter(
    (shard) =>
      isInGroup(shard, group) && shard.segment >= has && (shard.state === "planned" || shard.state === "creating"),
  );
  return coming.length === 0 ? null : Math.max(...coming.map(({ segment }) => segment)) + 1;
}
