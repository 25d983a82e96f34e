/**
 * The actions of a person. Each action shows its effect at once, writes one message, and then reads the views again with that
 * message as the floor. If the write is refused, the views roll back and the promise rejects with the reason.
 */
import { useMemo } from "react";
import { useSWRConfig } from "swr";
import { signalId } from "@/lib/core/ledger/ids";
import type { CircleAnswer, ContactsAnswer } from "@/lib/wire/contacts";
import { publishToFeed } from "../live/feed";
import { isUnauthenticated } from "./http";
import { isProfiles, KEYS } from "./keys";
import { useSession } from "./session";
import { type Draft, submit } from "./submit";
import { acceptEffect, type Effect, requestEffect, revokeEffect, showWrite, trustEffect } from "./views/optimistic";
import type { ProfileDraft } from "./views/profile-draft";

/** Each resolves when the ledger has accepted its message, and rejects with the reason if it was refused. */
export interface Actions {
  /** Asks somebody to be a contact. `name` is shown until the ledger answers. */
  request(peer: string, name: string): Promise<void>;
  /** Accepts a request. */
  accept(peer: string): Promise<void>;
  /** Ends a bond, or takes a request back or declines it. */
  revoke(peer: string): Promise<void>;
  /** Gives a contact one of the nine slots of the circle. */
  giveTrust(peer: string): Promise<void>;
  /** `weight` is the trust given so far. */
  takeTrustBack(peer: string, weight: number): Promise<void>;
  /** Gives somebody a recognition of the catalogue. An empty `note` is left out. */
  recognise(peer: string, recognitionId: string, note: string): Promise<void>;
  /** Publishes the person's profile. It replaces the earlier one whole: `profileDraft` keeps what the person did not change. */
  saveProfile(draft: ProfileDraft): Promise<void>;
}

/** The actions of the signed-in person. Each action shows its effect at once, and takes it back if it is refused. */
export function useActions(): Actions {
  const { mutate } = useSWRConfig();
  const { data: session } = useSession();
  const self = session?.userId ?? null;
  const handle = session?.handle ?? null;

  return useMemo(() => {
    async function write(draft: Draft): Promise<void> {
      if (!self) throw new Error("Nobody is signed in.");
      const answer = await submit(self, draft).catch((error) => {
        if (isUnauthenticated(error)) void mutate(KEYS.session);
        throw error;
      });
      const target = draft.payload.target;
      publishToFeed({
        kind: "signal",
        signal: {
          id: signalId(answer.topicId, answer.sequenceNumber, answer.place),
          type: draft.type,
          actor: self,
          target: typeof target === "string" ? target : null,
          ts: Date.now(),
          consensusTimestamp: answer.consensusTimestamp,
          topicId: answer.topicId,
          sequenceNumber: answer.sequenceNumber,
          ...(answer.place === undefined ? {} : { place: answer.place }),
          metadata: { ...draft.payload },
          source: "pending",
          verified: "unverifiable",
          position: 0,
        },
      });
    }

    async function act(draft: Draft, effect: Effect = {}): Promise<void> {
      const written = write(draft);
      const change = <T>(key: string, apply: ((view: T) => T) | undefined) =>
        apply ? showWrite(mutate, key, written, apply) : written.then(() => void mutate(key));
      await Promise.all([
        change<ContactsAnswer>(KEYS.contacts, effect.contacts),
        change<CircleAnswer>(KEYS.circle, effect.circle),
      ]);
    }

    const between = (type: string, target: string, more: Record<string, unknown> = {}): Draft => ({
      type,
      payload: { target, ...(handle ? { handle } : {}), ...more },
    });

    return {
      request: (peer: string, name: string) =>
        act(between("CONTACT_REQUEST", peer), requestEffect(peer, name, Date.now())),
      accept: (peer: string) => act(between("CONTACT_ACCEPT", peer), acceptEffect(peer, Date.now())),
      revoke: (peer: string) => act(between("CONTACT_REVOKE", peer), revokeEffect(peer)),
      giveTrust: (peer: string) => act(between("TRUST_ALLOCATE", peer, { weight: 1 }), trustEffect(peer, 1, 0)),
      takeTrustBack: (peer: string, weight: number) => act(between("TRUST_REVOKE", peer), trustEffect(peer, 0, weight)),
      recognise: (peer: string, recognitionId: string, note: string) =>
        act(between("RECOGNITION_MINT", peer, { recognitionId, ...(note ? { note } : {}) })),
      saveProfile: async (draft: ProfileDraft) => {
        await act({ type: "PROFILE_UPDATE", payload: { ...draft } });
        await mutate(isProfiles);
        await mutate(KEYS.session);
      },
    };
  }, [mutate, self, handle]);
}
