"use client";
import { useCallback, useState } from "react";

/** Code that is loaded when it is first wanted, and is there at once from then on. */
export interface OnDemand<T> {
  /** Loads the code unless it is there or on its way. Rejects if it cannot be loaded; the next call tries again. */
  load(): Promise<T>;
}

export function onDemand<T>(fetch: () => Promise<T>): OnDemand<T> {
  let coming: Promise<T> | null = null;
  return {
    load: () => {
      coming ??= fetch().catch((cause: unknown) => {
        coming = null;
        throw cause;
      });
      return coming;
    },
  };
}

/**
 * Code that a component renders with, and the function that loads it. Null until it comes; "missing" after a failure, until a
 * later call succeeds. Unlike React's `lazy` this neither throws in a render nor keeps a failure.
 */
export function useOnDemand<T extends object>(code: OnDemand<T>): readonly [T | "missing" | null, () => void] {
  const [parts, setParts] = useState<T | "missing" | null>(null);
  const load = useCallback(
    () => void code.load().then(setParts, () => setParts((before) => before ?? "missing")),
    [code],
  );
  return [parts, load];
}

interface Opening<T> {
  readonly parts: T;
  readonly byKeyboard: boolean;
}

/** The properties of a trigger whose overlay has no code yet. It loads once somebody points at it or focuses it. */
export interface FirstTrigger {
  readonly "aria-haspopup": "menu" | "dialog";
  readonly "aria-expanded": false;
  readonly onPointerEnter: () => void;
  readonly onPointerDown: () => void;
  readonly onFocus: () => void;
  readonly onClick: (event: { readonly detail: number }) => void;
  readonly onKeyDown: (event: React.KeyboardEvent) => void;
}

/**
 * An overlay's code, and how it was asked for. Null until the trigger was pressed and the code has come. Then the overlay is
 * rendered, open, and has the trigger from there on. `onMissing`: the trigger was pressed, and the code cannot be loaded.
 */
export function useFirstOpening<T>(
  code: OnDemand<T>,
  kind: "menu" | "dialog",
  onMissing: () => void,
): readonly [Opening<T> | null, FirstTrigger] {
  const [opening, setOpening] = useState<Opening<T> | null>(null);
  const prepare = () => void code.load().catch(() => undefined);
  // The next press tries again.
  const open = (byKeyboard: boolean) => void code.load().then((parts) => setOpening({ parts, byKeyboard }), onMissing);
  return [
    opening,
    {
      "aria-haspopup": kind,
      "aria-expanded": false,
      onPointerEnter: prepare,
      onPointerDown: prepare,
      onFocus: prepare,
      // A key's click has no count of presses.
      onClick: ({ detail }) => open(detail === 0),
      onKeyDown: (event) => {
        if (kind !== "menu" || event.key !== "ArrowDown") return;
        event.preventDefault();
        open(true);
      },
    },
  ];
}
