"use client";
import { findPerson } from "@/lib/client/api/single-reads";
import { usePeople } from "@/lib/client/format/people";
import { mayBeSomebody } from "@/lib/core/ledger/ids";

/** `unused`: nobody with this id has used TrustMesh yet. */
export type Found = "known" | "unused" | "no-account";

/**
 * Looks up an id before a request is sent to it, because a request stays on the ledger for good. If the look-up fails, the request itself
 * reports what is wrong.
 */
export async function beforeAsking(id: string): Promise<Found> {
  const found = await findPerson(id).catch(() => null);
  if (found?.account === false) return "no-account";
  return found?.known === false ? "unused" : "known";
}

/** Why nobody with this id can be asked. */
export const noAccount = (id: string) =>
  mayBeSomebody(id)
    ? `This network has no account ${id}. Check the id.`
    : `No account can have the id ${id}. An account id looks like 0.0.7226146.`;

/** The network keeps the accounts below 0.0.1001 for itself (`hedera.firstUserEntity`). People have later ones. */
const LAST_NETWORK_ACCOUNT = 1_000;

const isNetworkAccount = (id: string) => {
  const [, number] = /^0\.0\.(\d{1,4})$/.exec(id) ?? [];
  return number !== undefined && Number(number) <= LAST_NETWORK_ACCOUNT;
};

export function UnusedWarning({ id }: { id: string }) {
  return (
    <p role="alert" className="mt-2 text-copper text-sm">
      Nobody with this id has used TrustMesh yet.
      {isNetworkAccount(id) && " It is one of the network's own accounts, which people seldom have."} Your request would
      stay on the ledger for good: check the id.
      {/\p{L}/u.test(id) && " Small and capital letters count as different."}
    </p>
  );
}

/** The notice after a request. The ledger's answer to a request may be the first to tell the person's name. */
export function Asked({ id }: { id: string }) {
  const { person } = usePeople();
  return (
    <>
      You asked <bdi>{person(id).name}</bdi>
    </>
  );
}
