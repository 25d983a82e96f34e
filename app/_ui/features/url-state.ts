/** Page state in the address: links lead to it, reloads keep it, and "back" closes what was opened. */
import { useSearchParams } from "next/navigation";
import { useCallback } from "react";

/** Null removes a parameter. */
export type ParamChange = Readonly<Record<string, string | null>>;

export function changed(search: string, change: ParamChange): string {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(change)) {
    if (value === null || value === "") params.delete(name);
    else params.set(name, value);
  }
  return params.toString();
}

/** Use `replace` for adjustments (an order, a filter) and `push` for what the user opens. Neither sends a request. */
export function useUrlState() {
  const params = useSearchParams();
  const set = useCallback((change: ParamChange, how: "replace" | "push" = "replace") => {
    const query = changed(window.location.search, change);
    const url = query ? `${window.location.pathname}?${query}` : window.location.pathname;
    if (how === "push") window.history.pushState(null, "", url);
    else window.history.replaceState(null, "", url);
  }, []);
  return { get: useCallback((name: string) => params.get(name), [params]), set };
}
