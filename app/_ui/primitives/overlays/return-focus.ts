"use client";
import { useRef } from "react";

/**
 * Radix gives the focus back to a dialog's own trigger. Our dialogs are opened from elsewhere: from a button, a seat in the
 * picture, or an item of a menu that is gone by then, whose own trigger takes its place.
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
