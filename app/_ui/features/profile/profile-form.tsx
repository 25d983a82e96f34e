"use client";
import { useState } from "react";
import { useActions } from "@/lib/client/api/actions";
import { profileDraft } from "@/lib/client/api/views/profile-draft";
import { useIsIncomplete } from "@/lib/client/live/freshness";
import type { Profile } from "@/lib/wire/recognition";
import { Button } from "../../primitives/button";
import { Field } from "../../primitives/field";
import { Skeleton } from "../../primitives/skeleton";
import { NOT_ALL_READ } from "../nothing-yet";
import { usePerform } from "../use-perform";

const MAX_NAME = 60;
const MAX_BIO = 280;

export function ProfileForm({ profile, loading }: { profile: Profile | undefined; loading: boolean }) {
  const { saveProfile } = useActions();
  const isIncomplete = useIsIncomplete();
  const { perform, busy } = usePerform();
  const [draft, setDraft] = useState({
    displayName: profile?.displayName ?? "",
    handle: profile?.handle ?? "",
    bio: profile?.bio ?? "",
  });
  const [tried, setTried] = useState(false);
  const nameless = !draft.displayName.trim();
  // Another application may have published a longer text. It stays until the person edits it, and may then only become shorter.
  const mostBio = Math.max(MAX_BIO, profile?.bio?.length ?? 0);
  const change = (field: keyof typeof draft) => (event: { target: { value: string } }) =>
    setDraft((before) => ({ ...before, [field]: event.target.value }));

  const save = (event: React.FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (nameless) return;
    void perform(() => saveProfile(profileDraft(profile, draft)), {
      done: "Your profile is on the ledger",
      failed: "Your profile is unchanged",
    });
  };

  return (
    <section aria-labelledby="edit-profile" className="card p-5 sm:p-6">
      <h2 id="edit-profile" className="mb-4 font-display font-semibold text-xl">
        How others see you
      </h2>
      {loading ? (
        <div role="status" aria-label="Loading your profile" className="space-y-4">
          <Skeleton className="h-11" />
          <Skeleton className="h-11" />
          <Skeleton className="h-24" />
        </div>
      ) : (
        <form onSubmit={save} className="space-y-4" noValidate>
          {(profile?.updatedAt ?? null) === null && (
            <p className={isIncomplete ? "text-copper" : "text-ink-soft"}>
              {isIncomplete
                ? `${NOT_ALL_READ} If you have published a profile, it shows here once it is read. What you publish now would replace it.`
                : "You have no profile yet. Until you publish one, others see your id."}
            </p>
          )}
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Name" error={tried && nameless ? "Others need a name to know you by." : null}>
              {(control) => (
                <input
                  {...control}
                  value={draft.displayName}
                  onChange={change("displayName")}
                  maxLength={MAX_NAME}
                  autoComplete="name"
                  className="field"
                />
              )}
            </Field>
            <Field label="Handle">
              {(control) => (
                <input
                  {...control}
                  value={draft.handle}
                  onChange={change("handle")}
                  maxLength={MAX_NAME}
                  autoComplete="nickname"
                  autoCapitalize="off"
                  spellCheck={false}
                  className="field"
                />
              )}
            </Field>
          </div>
          <Field label="About you" hint={`${mostBio - draft.bio.length} characters left. Everybody can read this.`}>
            {(control) => (
              <textarea
                {...control}
                rows={4}
                value={draft.bio}
                onChange={change("bio")}
                maxLength={mostBio}
                className="field resize-y"
              />
            )}
          </Field>
          {/* Stays above a phone's tab bar, which is 60 px high and has a border. */}
          <div className="-mx-5 -mb-5 sm:-mx-6 sm:-mb-6 sticky bottom-[calc(3.75rem+1px+env(safe-area-inset-bottom))] flex justify-end rounded-b-card bg-surface px-5 pt-1 pb-4 sm:px-6 sm:pb-6 lg:static">
            <Button type="submit" look="primary" busy={busy}>
              Publish
            </Button>
          </div>
        </form>
      )}
    </section>
  );
}
