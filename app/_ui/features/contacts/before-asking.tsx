"use client";
import { findPerson } from "@/lib/client/api/views/reads";

/** `unused`: nobody with this id has used TrustMesh yet. */
export type Found = "known" | "unused" | "no-account";

/**
 * Looks an id up before somebody is asked by it, because a request stays on the ledger for good. If the look-up fails, the request
 * itself reports what is wrong.
 */
export async function beforeAsking(id: string): Promise<Found> {
  const found = await findPerson(id).catch(() => null);
  if (found?.account === false) return "no-account";
  return found?.known === false ? "unused" : "known";
}

export const noAccount = (id: string) => `This network has no account ${id}. Check the id.`;

export function UnusedWarning() {
  return (
    <p role="alert" className="mt-2 text-copper text-sm">
      Nobody with this id has used TrustMesh yet. Your request would stay on the ledger for good: check the id.
    </p>
  );
}
