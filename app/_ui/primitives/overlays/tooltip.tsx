"use client";
import { Tooltip as Radix } from "radix-ui";

export const TooltipProvider = ({ children }: { children: React.ReactNode }) => (
  <Radix.Provider delayDuration={250}>{children}</Radix.Provider>
);

/** Shows more about a control on hover and on focus. The trigger must be focusable. */
export function Tooltip({ text, children }: { text: React.ReactNode; children: React.ReactNode }) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          sideOffset={6}
          collisionPadding={12}
          className="z-50 max-w-[min(22rem,calc(100vw-1.5rem))] animate-appear rounded-lg bg-ink px-2.5 py-1.5 text-paper text-xs shadow-float"
        >
          {text}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
