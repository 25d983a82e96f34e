import Link from "next/link";
import type { Person } from "@/lib/client/format/people";

export const profileHref = (id: string) => `/profile/${encodeURIComponent(id)}`;

/** A person in a sentence. Names come from the ledger: isolated, so that their direction does not leak into the text around. */
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
