/** Applies faults to messages: each is passed on, withheld, or served in another form. */
import type { DevnetMessage } from "../ledger/types";
import { messageJson, messageObject } from "../rest/message-json";
import { type Faults, inRange, type SelectedFault } from "./faults";

const MESSAGE_KINDS = ["hole", "missingHash", "forgedContent", "forgedHash"] as const;
type MessageKind = (typeof MESSAGE_KINDS)[number];

/** How the messages of one answer are served. */
export interface MessageView {
  /** The message's JSON, or null if it is withheld. */
  json(message: DevnetMessage): string | null;
  /** Call it once the answer is complete: faults that showed in it use up one of their `times`. */
  done(): void;
}

const PLAIN: MessageView = { json: messageJson, done: () => {} };

/** The view of a topic's messages that one request gets. */
export function messageView(faults: Faults, topicId: string, route: string): MessageView {
  const selected = faults.select(MESSAGE_KINDS, { topicId, route });
  if (selected.length === 0) return PLAIN;
  const shown = new Set<SelectedFault<MessageKind>>();
  return {
    json: (message) => {
      const touching = selected.filter(({ spec }) => inRange(spec, message.sequence));
      if (touching.length === 0) return messageJson(message);
      for (const fault of touching) shown.add(fault);
      if (touching.some(({ spec }) => spec.kind === "hole")) return null;
      return JSON.stringify(touching.reduce(spoil, messageObject(message)));
    },
    done: () => {
      for (const fault of shown) fault.hit();
    },
  };
}

function spoil(json: Record<string, unknown>, { spec }: SelectedFault<MessageKind>): Record<string, unknown> {
  switch (spec.kind) {
    case "missingHash": {
      if (!spec.absent) return { ...json, running_hash: null, running_hash_version: null };
      const { running_hash: _hash, running_hash_version: _version, ...rest } = json;
      return rest;
    }
    case "forgedContent":
      return {
        ...json,
        message: spec.message ?? forge(Buffer.from(String(json.message), "base64")).toString("base64"),
      };
    case "forgedHash": {
      const hash = Buffer.from(String(json.running_hash ?? ""), "base64");
      return { ...json, running_hash: flipFirst(hash.length > 0 ? hash : Buffer.alloc(48)).toString("base64") };
    }
    default:
      return json;
  }
}

/** The result still decodes, so that only the hash gives it away. */
function forge(bytes: Buffer): Buffer {
  const end = bytes.lastIndexOf("}");
  if (end < 0 || bytes.length === 2) return flipFirst(bytes);
  return Buffer.concat([bytes.subarray(0, end), Buffer.from(',"forged":true}')]);
}

function flipFirst(bytes: Buffer): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[0] = (flipped[0] ?? 0) ^ 1;
  return flipped;
}
