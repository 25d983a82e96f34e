"use client";
import { cloneElement, useEffect, useId, useRef, useState } from "react";

const DELAY_MS = 250;

export interface TooltipProps {
  text: React.ReactNode;
  /** The trigger, which must be focusable. */
  children: React.ReactElement<{ "aria-describedby"?: string | undefined }>;
}

/**
 * Shows more about a control above it: soon after the pointer comes, at once on focus. It stays while the pointer is on it, and
 * goes on Escape and on a press (WCAG 2.2, 1.4.13).
 */
export function Tooltip({ text, children }: TooltipProps) {
  const id = useId();
  const [isShown, setShown] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const show = (afterMs: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setShown(true), afterMs);
  };
  const hide = () => {
    clearTimeout(timer.current);
    setShown(false);
  };
  useEffect(() => () => clearTimeout(timer.current), []);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only listens to what happens to the control inside
    <span
      className="relative inline-block"
      onPointerEnter={({ pointerType }) => pointerType === "mouse" && show(DELAY_MS)}
      onPointerLeave={hide}
      onPointerDown={hide}
      onFocus={({ target }) => target.matches(":focus-visible") && show(0)}
      onBlur={hide}
      onKeyDown={({ key }) => key === "Escape" && hide()}
    >
      {cloneElement(children, { "aria-describedby": isShown ? id : undefined })}
      {isShown && (
        <span className="absolute bottom-full left-0 z-50 w-max max-w-[min(22rem,calc(100vw-6rem))] animate-appear pb-1.5">
          <span
            id={id}
            role="tooltip"
            className="block rounded-lg bg-ink px-2.5 py-1.5 text-paper text-xs shadow-float"
          >
            {text}
          </span>
        </span>
      )}
    </span>
  );
}
