"use client";
/**
 * Takes over what the server has rendered: the first render in the browser shows the same answers at the same instant, and reads none of
 * them again. Later changes come by the stream, whose first event says how far the server has got.
 */
import { createContext, createElement, useContext, useEffect, useMemo } from "react";
import { SWRConfig, unstable_serialize, useSWRConfig } from "swr";
import type { Rendered } from "@/lib/wire/rendered";
import { RenderedAt } from "../../format/time";
import { reportFreshness } from "../../live/freshness";
import { isList, isView, KEYS } from "../keys";
import { useSession } from "../session";
import { profilesKey, RECOGNITION_LIST, SIGNALS_LIST } from "./lists";

interface TakenOver {
  readonly fallback: Readonly<Record<string, unknown>>;
  /** Keys that a component has shown. A component that mounts later reads again. */
  readonly shown: Set<string>;
}

const Context = createContext<TakenOver | null>(null);
const NOTHING: TakenOver = { fallback: {}, shown: new Set() };

/** Several parts of a page show the same view, and the browser takes the parts over one after the other. */
const SAME_VISIT_MS = 5_000;

/**
 * Whether the rendered page has this key's data, so that a component that mounts now need not read it. `forMs`: components that mount
 * within this many milliseconds need not either.
 */
export function useTakenOver(key: string, forMs = 0): boolean {
  const taken = useContext(Context);
  useEffect(() => {
    if (taken === null) return;
    if (forMs === 0) return void taken.shown.add(key);
    const timer = setTimeout(() => taken.shown.add(key), forMs);
    return () => clearTimeout(timer);
  }, [taken, key, forMs]);
  return taken !== null && key in taken.fallback && !taken.shown.has(key);
}

/** SWR's options for a view that many parts of the page show. */
export function useFirstRead(key: string): { readonly revalidateOnMount?: false } {
  return useTakenOver(key, SAME_VISIT_MS) ? { revalidateOnMount: false } : {};
}

export interface RenderedProps {
  readonly rendered: Rendered | null;
  readonly children: React.ReactNode;
}

/** The session and the instant of the rendered page. The browser reads the session all the same: it may have ended. */
export function RenderedSession({ rendered, children }: RenderedProps) {
  const options = useMemo(
    () => ({ fallback: rendered === null ? {} : { [KEYS.session]: rendered.session } }),
    [rendered],
  );
  return createElement(
    RenderedAt,
    { value: rendered?.atMs ?? 0 },
    createElement(SWRConfig, { value: options }, children),
  );
}

/** The views of the rendered page, for that person only: nobody who signs in later in this tab sees them. */
export function RenderedViews({ rendered, children }: RenderedProps) {
  const { mutate, cache } = useSWRConfig();
  const userId = useSession().data?.userId ?? null;
  const mine = rendered !== null && rendered.session.userId === userId ? rendered : null;
  const taken = useMemo<TakenOver>(
    () => (mine === null ? NOTHING : { fallback: fallbackOf(mine), shown: new Set<string>() }),
    [mine],
  );
  useEffect(() => {
    for (const view of [mine?.contacts, mine?.signals, mine?.recognition]) if (view) reportFreshness(view, "read");
  }, [mine]);
  // SWR shows a fallback and does not keep it, but the stream's first event and actions go by what the cache holds. An effect runs
  // in the browser only: the server has one cache for all people.
  useEffect(() => {
    for (const [key, data] of Object.entries(taken.fallback)) {
      // The next person's sign-in forgets these.
      const isForgotten = isView(key) || isList(key);
      if (isForgotten && cache.get(key)?.data === undefined) void mutate(key, data, { revalidate: false });
    }
  }, [taken, cache, mutate]);
  return createElement(Context, { value: taken }, createElement(SWRConfig, { value: taken }, children));
}

function fallbackOf({ session, contacts, signals, recognition, profiles }: Rendered): Record<string, unknown> {
  const ids = [session.userId ?? "", ...(contacts?.contacts ?? []).map(({ peerId }) => peerId)];
  return {
    ...(contacts && { [KEYS.contacts]: contacts }),
    ...(signals && { [SIGNALS_LIST]: [signals] }),
    ...(recognition && { [RECOGNITION_LIST]: [recognition] }),
    ...(profiles && { [unstable_serialize(profilesKey(ids))]: profiles.profiles }),
  };
}
