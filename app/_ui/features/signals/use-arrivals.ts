"use client";
import { useCallback, useEffect, useState } from "react";
import { onFeed } from "@/lib/client/live/feed";

const AT_TOP_PX = 160;
const NONE: ReadonlySet<string> = new Set();

/**
 * Signals that arrived while the page was open. They are highlighted if the reader is at the top, and otherwise kept back
 * behind a button.
 */
export function useArrivals() {
  const [arrived, setArrived] = useState(NONE);
  const [held, setHeld] = useState(NONE);

  useEffect(
    () =>
      onFeed((event) => {
        if (event.kind !== "signal") return;
        const add = (ids: ReadonlySet<string>) => new Set([...ids, event.signal.id]);
        // The reader's own action shows at once.
        const hold = window.scrollY > AT_TOP_PX && event.signal.source !== "pending";
        if (hold) setHeld(add);
        setArrived(add);
      }),
    [],
  );

  const release = useCallback(() => {
    setHeld(NONE);
    window.scrollTo({ top: 0 });
  }, []);
  return { arrived, held, release };
}
