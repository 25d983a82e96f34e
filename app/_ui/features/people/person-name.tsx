import Link from "next/link";
import type { Person } from "@/lib/client/format/people";

export const profileHref = (id: string) => `/profile/${encodeURIComponent(id)}`;

/**
 * A person in a sentence. Names come from the ledger, so they are isolated: their text direction does not affect the text
 * around them.
 */
export function PersonLink({ person }: { person: Person }) {
  return (
    <Link
      href={profileHref(person.id)}
      prefetch={false}
      className="rounded font-semibold underline-offset-3 hover:underline"
    >
      <bdi>{person.name}</bdi>
    </Link>
  );
}
