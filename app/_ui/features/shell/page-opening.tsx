"use client";
import { CloudOff } from "lucide-react";
import { useRouter } from "next/navigation";
import { useOffline } from "next/offline";
import { useEffect, useRef, useState } from "react";
import { isServerThere } from "@/lib/client/api/http";
import { pollUntil } from "@/lib/client/browser/poll-until";
import { hasText } from "@/lib/client/browser/typed-text";
import { useFreshness } from "@/lib/client/live/freshness";
import { Button } from "../../primitives/button";
import { SkeletonRows } from "../../primitives/skeleton";
import { ErrorState } from "../../primitives/states";

/** The framework looks for the server every three seconds, and at once when the browser says that it is online. */
const lookNow = () => window.dispatchEvent(new Event("online"));

/**
 * Shown while a page loads. The framework keeps it there while the server cannot be reached. The shell loads this module in any
 * case. In a module of its own, it would be one more file for the browser, and each has 700 bytes of headers.
 */
export function LoadingPage() {
  return useOffline() ? (
    <ErrorState
      wholePage
      title="This page did not open"
      reason="The server cannot be reached. Check your connection."
      onRetry={lookNow}
    />
  ) : (
    <SkeletonRows label="Loading the page" />
  );
}

/** The page that a press on a link would open, as a path; null if the press does something else. */
function pageBehind({ target, button, metaKey, ctrlKey, shiftKey, altKey }: MouseEvent): string | null {
  const link = target instanceof Element ? target.closest("a") : null;
  if (!link?.href || link.target || link.hasAttribute("download")) return null;
  if (button !== 0 || metaKey || ctrlKey || shiftKey || altKey) return null;
  const { origin, pathname, search, hash } = new URL(link.href);
  if (origin !== location.origin || pathname.startsWith("/api/")) return null;
  const isHere = pathname === location.pathname && search === location.search;
  return isHere ? null : `${pathname}${search}${hash}`;
}

/** A page that did not open. */
interface Waiting {
  readonly path: string;
  /** It opens once the server is back. */
  readonly opensItself: boolean;
}

/**
 * Keeps what is shown while the server may be out of reach: a page is opened only after the server has answered. Otherwise the new
 * page would take the place of this one and then fail. It opens by itself once the server is back, unless somebody has typed text
 * here, which would be lost. If the server turns out to be gone while a page opens, LoadingPage says so.
 */
export function UnreachablePage() {
  const router = useRouter();
  const [waiting, setWaiting] = useState<Waiting | null>(null);
  const [isLooking, setIsLooking] = useState(false);
  const { online, reached, stream } = useFreshness().known;
  const isDoubtful = !online || !reached || stream === "down";

  // The fields of this page in which somebody has typed.
  const typed = useRef(new Set<EventTarget | null>());
  useEffect(() => {
    const onInput = ({ target }: Event) => typed.current.add(target);
    document.addEventListener("input", onInput, true);
    return () => document.removeEventListener("input", onInput, true);
  }, []);

  const open = async (wanted: string) => {
    setIsLooking(true);
    const isThere = await isServerThere();
    setIsLooking(false);
    setWaiting(isThere ? null : { path: wanted, opensItself: ![...typed.current].some(hasText) });
    if (isThere) router.push(wanted);
  };
  useEffect(() => {
    if (!isDoubtful) return;
    const onClick = (event: MouseEvent) => {
      const wanted = pageBehind(event);
      if (wanted === null) return;
      event.preventDefault();
      void open(wanted);
    };
    // Before the link itself, which then does nothing.
    document.addEventListener("click", onClick, true);
    return () => document.removeEventListener("click", onClick, true);
  });

  useEffect(() => {
    if (!waiting?.opensItself) return;
    const { path } = waiting;
    const stop = pollUntil(isServerThere, () => {
      setWaiting(null);
      router.push(path);
    });
    // Text that is typed now would be lost. The button still opens the page.
    const onInput = () => {
      stop();
      setWaiting({ path, opensItself: false });
    };
    document.addEventListener("input", onInput, { once: true });
    return () => {
      document.removeEventListener("input", onInput);
      stop();
    };
  }, [waiting, router]);

  if (waiting === null) return null;
  return (
    <div
      role="alert"
      className="fixed inset-x-4 bottom-20 z-40 mx-auto flex max-w-xl flex-wrap items-center gap-3 card p-4 shadow-lg lg:bottom-6"
    >
      <CloudOff aria-hidden="true" className="size-6 shrink-0 text-copper" />
      <p className="min-w-48 flex-1">
        {waiting.opensItself
          ? "The server cannot be reached, so the page did not open yet. It opens by itself once the server is back."
          : "The server could not be reached. The page does not open by itself, so that what you wrote here stays."}
      </p>
      <Button look="primary" busy={isLooking} onClick={() => void open(waiting.path)}>
        Try again
      </Button>
      <Button look="ghost" onClick={() => setWaiting(null)}>
        Stay here
      </Button>
    </div>
  );
}
