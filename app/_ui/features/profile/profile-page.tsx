"use client";
import { useProfiles } from "@/lib/client/api/views/views";
import { usePeople } from "@/lib/client/format/people";
import { calendarDate } from "@/lib/client/format/time";
import { Avatar } from "../../primitives/avatar";
import { ProfileForm } from "./profile-form";
import { Relation } from "./relation";

const NOBODY: readonly string[] = [];

export function ProfilePage({ id }: { id: string }) {
  const { person } = usePeople();
  const who = person(id);
  const mayRead = who.relation === "self" || who.relation === "contact";
  const profiles = useProfiles(mayRead ? [id] : NOBODY);
  const profile = profiles?.get(id);

  return (
    <article className="max-w-3xl">
      <header className="flex flex-wrap items-center gap-x-5 gap-y-3">
        <Avatar id={id} name={who.name} size="xl" />
        <div className="min-w-0 flex-1 basis-56">
          <h1 className="font-display font-semibold text-3xl tracking-tight sm:text-4xl">
            <bdi>{who.name}</bdi>
          </h1>
          {who.handle && (
            <p className="text-ink-soft">
              <bdi>{who.handle}</bdi>
            </p>
          )}
        </div>
      </header>
      {profile?.bio && (
        <p className="mt-5 max-w-prose whitespace-pre-line text-lg">
          <bdi>{profile.bio}</bdi>
        </p>
      )}
      <dl className="mt-5 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
        <dt className="text-ink-soft">Account</dt>
        <dd className="ledger">{id}</dd>
        {profile?.profileHrl && (
          <>
            <dt className="text-ink-soft">Locator</dt>
            <dd className="ledger">{profile.profileHrl}</dd>
          </>
        )}
        {profile?.updatedAt && (
          <>
            <dt className="text-ink-soft">Published</dt>
            <dd>{calendarDate(profile.updatedAt)}</dd>
          </>
        )}
      </dl>
      <div className="mt-8">
        {who.isSelf ? (
          <ProfileForm
            key={profiles ? (profile?.updatedAt ?? "unpublished") : "loading"}
            profile={profile}
            loading={profiles === undefined}
          />
        ) : (
          <Relation person={who} />
        )}
      </div>
    </article>
  );
}
