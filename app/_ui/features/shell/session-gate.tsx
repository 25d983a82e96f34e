"use client";
import { usePathname, useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import { useSession } from "@/lib/client/api/session";
import { ReadError } from "../read-error";
import { BrandMark } from "./brand";

/** Admits nobody without a session, and never shows one user's page to another. */
export function SessionGate({ children }: { children: React.ReactNode }) {
  const { data: session, error, mutate } = useSession();
  const router = useRouter();
  const pathname = usePathname();
  const signedOut = session !== undefined && !session.authenticated;
  const firstUser = useRef<string | null>(null);
  const userId = session?.authenticated ? session.userId : null;

  useEffect(() => {
    const here = `${pathname}${window.location.search}`;
    if (signedOut) router.replace(`/sign-in?next=${encodeURIComponent(here)}`);
  }, [signedOut, pathname, router]);

  useEffect(() => {
    if (!userId) return;
    // Another tab has signed in as somebody else. The data in this tab's memory belongs to the first user.
    if (firstUser.current && firstUser.current !== userId) window.location.reload();
    firstUser.current = userId;
  }, [userId]);

  if (userId) return children;
  if (error && !session) {
    return (
      <main className="grid min-h-dvh place-items-center">
        <ReadError wholePage title="TrustMesh is out of reach" error={error} onRetry={() => void mutate()} />
      </main>
    );
  }
  return (
    <main className="grid min-h-dvh place-items-center">
      <div role="status" aria-label="Opening TrustMesh">
        <BrandMark className="size-14 animate-breathe text-accent" />
      </div>
    </main>
  );
}
