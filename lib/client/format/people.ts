/**
 * Names for ids, from the profiles, contacts and requests that the caller may see, and from the list of people of a local
 * devnet. All other ids are shown as they are.
 */
import { useMemo } from "react";
import { useDemoPeople, useSession } from "../api/session";
import { useContacts, useProfiles } from "../api/views/views";

/** A person as a page shows them. */
export interface Person {
  readonly id: string;
  readonly name: string;
  /** Shown below the name if it differs. */
  readonly handle: string | null;
  readonly isSelf: boolean;
  readonly relation: "self" | "contact" | "incoming" | "outgoing" | "none";
}

/** The signed-in person, and a name for every id. */
export interface People {
  readonly self: string | null;
  person(id: string): Person;
}

/** Names for ids. An id of a stranger is its own name. */
export function usePeople(): People {
  const { data: session } = useSession();
  const { data: contacts } = useContacts();
  const self = session?.userId ?? null;
  const ids = useMemo(
    () => (self && contacts ? [self, ...contacts.contacts.map((contact) => contact.peerId)] : []),
    [self, contacts],
  );
  const profiles = useProfiles(ids);
  const { data: demo } = useDemoPeople(session?.demo === true);

  return useMemo(() => {
    const listed = new Map(demo?.people.map(({ userId, name }) => [userId, name]));
    const known = new Map<string, Pick<Person, "relation"> & { handle: string }>();
    for (const { peerId, handle } of contacts?.requests.outgoing ?? [])
      known.set(peerId, { relation: "outgoing", handle });
    for (const { peerId, handle } of contacts?.requests.incoming ?? [])
      known.set(peerId, { relation: "incoming", handle });
    for (const { peerId, handle } of contacts?.contacts ?? []) known.set(peerId, { relation: "contact", handle });
    if (self) known.set(self, { relation: "self", handle: session?.handle ?? self });
    const person = (id: string): Person => {
      const entry = known.get(id);
      const profile = profiles?.get(id);
      // Without a name the server gives the id as the handle.
      const handle = [profile?.handle, entry?.handle, listed.get(id)].find((each) => each && each !== id) ?? null;
      const name = profile?.displayName || handle || id;
      return {
        id,
        name,
        handle: handle === name ? null : handle,
        isSelf: id === self,
        relation: entry?.relation ?? "none",
      };
    };
    return { self, person };
  }, [self, session, contacts, profiles, demo]);
}
