/**
 * The signal feed: pages by cursor, with live signals merged in by id. Live signals stay outside the pages, because SWR drops a
 * running read when its cache is written to, and a page would never arrive.
 */
import { useEffect, useMemo, useRef, useState } from "react";
import { unstable_serialize } from "swr/infinite";
import { type Signal, SignalsAnswer } from "@/lib/wire/signals";
import { pathOfKey } from "../api/keys";
import { signalsKeys } from "../api/views/lists";
import { type Paged, usePages } from "../api/views/pages";
import { readView } from "../api/views/reads";
import { useTakenOver } from "../api/views/rendered";
import { onFeed } from "./feed";
import { mergeSignals } from "./signal-merge";

/** After a reconnect the stream sends what was missed. If it has not done so by then, read again. */
const CATCH_UP_MS = 1_500;
const NONE: readonly Signal[] = [];
const NO_TYPES: readonly string[] = [];

/** Signals, as far as they are loaded. */
export interface Signals extends Paged {
  /** Read and live signals, newest first, each once. Undefined until the first page has been read. */
  readonly signals: readonly Signal[] | undefined;
}

/** Signals that concern the caller, live, page by page without an end. `types` lists only these; none lists all. */
export function useSignals(types: readonly string[] = NO_TYPES): Signals {
  const filter = types.join();
  const keys = useMemo(() => {
    return signalsKeys(filter === "" ? NO_TYPES : filter.split(","));
  }, [filter]);
  const { pages, ...paged } = usePages<SignalsAnswer>(keys, (key) => readView(SignalsAnswer, pathOfKey(key)), {
    revalidateOnMount: !useTakenOver(unstable_serialize(keys)),
    revalidateFirstPage: false,
    revalidateOnFocus: false,
  });
  const live = useLive(filter, pages?.[0]?.position ?? 0, paged.retry);
  const signals = useMemo(
    () => (pages ? mergeSignals(...pages.map((page) => page.items), live) : undefined),
    [pages, live],
  );
  return { ...paged, signals };
}

/** Signals of the wanted types since the page was opened. Starts a new read if something was missed. */
function useLive(filter: string, readPosition: number, readAgain: () => void): readonly Signal[] {
  const [live, setLive] = useState(NONE);
  const position = useRef(readPosition);
  useEffect(() => {
    position.current = Math.max(position.current, readPosition);
  }, [readPosition]);

  useEffect(() => {
    const wanted = new Set(filter === "" ? NO_TYPES : filter.split(","));
    let timer: ReturnType<typeof setTimeout> | null = null;
    const stop = onFeed((event) => {
      if (event.kind === "resync") {
        position.current = 0;
        setLive(NONE);
        readAgain();
      } else if (event.kind === "head") {
        timer ??= setTimeout(() => {
          timer = null;
          if (position.current < event.position) readAgain();
        }, CATCH_UP_MS);
      } else {
        // A signal of another type counts too: the list is known to be complete up to there.
        position.current = Math.max(position.current, event.signal.position);
        if (wanted.size === 0 || wanted.has(event.signal.type)) setLive((before) => [event.signal, ...before]);
      }
    });
    return () => {
      stop();
      if (timer) clearTimeout(timer);
    };
  }, [filter, readAgain]);
  return live;
}
