"use client";
import clsx from "clsx";
import { CircleAlert, CircleCheck, X } from "lucide-react";
import { Toast as Radix } from "radix-ui";
import { Button } from "../button";

export interface Message {
  readonly id: number;
  readonly tone: "good" | "bad";
  readonly title: React.ReactNode;
  readonly detail?: string | undefined;
}

/** A failure with its reason takes longer to read than a success. */
const DURATION_MS = { good: 4_000, bad: 10_000 } as const;

/** The notices that are shown, newest last. */
export default function Notices({ messages, onDrop }: { messages: readonly Message[]; onDrop(id: number): void }) {
  return (
    <Radix.Provider swipeDirection="right" label="Notice">
      {messages.map((message) => (
        <Radix.Root
          key={message.id}
          type={message.tone === "bad" ? "foreground" : "background"}
          duration={DURATION_MS[message.tone]}
          onOpenChange={(open) => !open && onDrop(message.id)}
          className="flex animate-rise items-start gap-3 rounded-card border border-line bg-raised py-3 pr-2 pl-4 shadow-float"
        >
          <Mark tone={message.tone} />
          <div className="min-w-0 flex-1 py-1">
            <Radix.Title className="font-medium">{message.title}</Radix.Title>
            {message.detail && (
              <Radix.Description className="mt-0.5 text-ink-soft text-sm">{message.detail}</Radix.Description>
            )}
          </div>
          <Radix.Close asChild>
            <Button look="ghost" size="icon" aria-label="Dismiss" className="size-9">
              <X aria-hidden="true" className="size-4" />
            </Button>
          </Radix.Close>
        </Radix.Root>
      ))}
      <Radix.Viewport
        // An open dialog hides everything but live regions from assistive technology, so a notice must be one. It is "off",
        // because Radix announces each notice in a region of its own.
        aria-live="off"
        className="fixed inset-x-3 bottom-[calc(4.75rem+env(safe-area-inset-bottom))] z-60 flex flex-col gap-2 outline-none sm:left-auto sm:w-96 lg:bottom-5"
      />
    </Radix.Provider>
  );
}

function Mark({ tone }: { tone: Message["tone"] }) {
  const Icon = tone === "good" ? CircleCheck : CircleAlert;
  return <Icon aria-hidden="true" className={clsx("mt-1.5 size-5", tone === "good" ? "text-accent" : "text-danger")} />;
}
