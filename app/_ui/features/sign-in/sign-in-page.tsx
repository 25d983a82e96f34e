"use client";
import { useEffect, useState } from "react";
import { reasonOf } from "@/lib/client/api/http";
import { useDemoPeople, useSession } from "@/lib/client/api/session";
import { signInAsDemo } from "@/lib/client/api/sign-in";
import type { WalletSettings } from "@/lib/client/api/wallet";
import { SkeletonRows } from "../../primitives/skeleton";
import { type Choice, PersonPicker } from "../people/person-picker";
import { ReadError } from "../read-error";
import { Brand } from "../shell/brand";
import { AccountSignIn } from "./account-sign-in";
import { MeshPicture } from "./mesh-picture";
import { safeNext } from "./safe-next";
import { WalletSignIn } from "./wallet-sign-in";

export function SignInPage({ next }: { next: string | null }) {
  return (
    <div className="grid min-h-dvh lg:grid-cols-[minmax(0,1.1fr)_minmax(0,1fr)]">
      <aside
        aria-label="About TrustMesh"
        className="hidden flex-col justify-between overflow-hidden border-line border-r bg-surface p-10 lg:flex"
      >
        <Brand />
        <MeshPicture />
        <p className="max-w-[34ch] font-display text-2xl text-ink-soft">
          Trust is given by people, written to a ledger, and checked in your own browser.
        </p>
      </aside>
      <main className="mx-auto flex w-full max-w-lg flex-col justify-center px-5 py-8">
        <div className="mb-8 lg:hidden">
          <Brand />
        </div>
        <h1 className="font-display font-semibold text-3xl tracking-tight">Who are you?</h1>
        <People next={safeNext(next)} />
      </main>
    </div>
  );
}

function People({ next }: { next: string }) {
  const session = useSession();
  const people = useDemoPeople(session.data?.demo === true);
  const [busyId, setBusyId] = useState<string | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const signedIn = session.data?.authenticated === true;

  useEffect(() => {
    if (signedIn) window.location.replace(next);
  }, [signedIn, next]);

  const failed = session.error ?? people.error;
  if (failed) {
    const retry = () => void Promise.all([session.mutate(), people.mutate()]);
    return <ReadError title="TrustMesh is out of reach" error={failed} onRetry={retry} />;
  }
  if (session.data && !session.data.demo) {
    return (
      <>
        <p className="mt-2 mb-6 text-ink-soft">
          On {session.data.network} you are your Hedera account. Prove it by signing a message with its key; nothing is
          written and nothing is paid.
        </p>
        <AsAccount wallet={session.data.wallet} next={next} />
      </>
    );
  }
  const pick = async (choice: Choice) => {
    setBusyId(choice.id);
    setRefusal(null);
    try {
      await signInAsDemo(choice.id);
      window.location.assign(next);
    } catch (error) {
      setRefusal(reasonOf(error));
      setBusyId(null);
    }
  };
  return (
    <>
      <p className="mt-2 mb-6 text-ink-soft">This is a local ledger. Step into the shoes of one of its people.</p>
      {refusal && (
        <p role="alert" className="mb-4 rounded-control bg-danger-soft px-4 py-3 text-danger">
          {refusal}
        </p>
      )}
      {people.data ? (
        <PersonPicker
          people={people.data.people.map(({ userId, name }) => ({ id: userId, name }))}
          label="Search people"
          empty="Nobody here goes by that name or id."
          onPick={(choice) => void pick(choice)}
          busyId={busyId}
        />
      ) : (
        <SkeletonRows rows={6} label="Loading people" />
      )}
      <details className="mt-6 border-line border-t pt-4">
        <summary className="rounded-control py-1 font-medium">Sign in with a Hedera account instead</summary>
        <div className="pt-4">
          <AsAccount wallet={session.data?.wallet ?? null} next={next} />
        </div>
      </details>
    </>
  );
}

/** Through a wallet if a connector is configured, and by hand in any case. */
function AsAccount({ wallet, next }: { wallet: WalletSettings | null; next: string }) {
  if (wallet === null) return <AccountSignIn next={next} />;
  return (
    <>
      <WalletSignIn settings={wallet} next={next} />
      <details className="mt-6 border-line border-t pt-4">
        <summary className="rounded-control py-1 font-medium">Sign the message by hand instead</summary>
        <div className="pt-4">
          <AccountSignIn next={next} />
        </div>
      </details>
    </>
  );
}
