"use client";
import { useRef } from "react";

/**
 * Returns the focus when a dialog closes. Radix gives it to the dialog's own trigger, but our dialogs open from elsewhere: from
 * a button, from a seat in the picture, or from a menu item. A menu item is gone by then, so its menu's trigger gets the focus.
 */
export function useReturnFocus() {
  const opener = useRef<Element | null>(null);
  return {
    onOpenAutoFocus: () => {
      const active = document.activeElement;
      const trigger = active?.closest("[role=menu]")?.getAttribute("aria-labelledby");
      opener.current = trigger ? document.getElementById(trigger) : active;
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault();
      const target = opener.current;
      if (target instanceof HTMLElement || target instanceof SVGElement) target.focus();
    },
  };
}
