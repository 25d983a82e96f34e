"use client";
import clsx from "clsx";
import { CircleAlert, CircleCheck, X } from "lucide-react";
import { Toast as Radix } from "radix-ui";
import { createContext, useCallback, useContext, useEffect, useState } from "react";
import { Button } from "../button";

interface Message {
  readonly id: number;
  readonly tone: "good" | "bad";
  readonly title: string;
  readonly detail?: string | undefined;
}

type Say = (message: Omit<Message, "id">) => void;

const ToastContext = createContext<Say>(() => undefined);
export const useToast = (): Say => useContext(ToastContext);

const SHOWN_AT_ONCE = 3;
/** A failure with its reason takes longer to read than a success. */
const DURATION_MS = { good: 4_000, bad: 10_000 } as const;

let nextId = 1;

export function ToastProvider({ children }: { children: React.ReactNode }) {
  const [messages, setMessages] = useState<readonly Message[]>([]);
  const [mounted, setMounted] = useState(false);
  useEffect(() => setMounted(true), []);
  const say = useCallback<Say>((message) => {
    setMessages((shown) => [...shown.slice(1 - SHOWN_AT_ONCE), { ...message, id: nextId++ }]);
  }, []);
  const drop = (id: number) => setMessages((shown) => shown.filter((message) => message.id !== id));

  return (
    <ToastContext value={say}>
      <Radix.Provider swipeDirection="right" label="Notice">
        {children}
        {messages.map((message) => (
          <Radix.Root
            key={message.id}
            type={message.tone === "bad" ? "foreground" : "background"}
            duration={DURATION_MS[message.tone]}
            onOpenChange={(open) => !open && drop(message.id)}
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
        {/* Radix writes an inline style here, which a strict CSP would refuse in the server's HTML. */}
        {mounted && (
          <Radix.Viewport
            // An open dialog hides everything but live regions from assistive technology, so a notice must be one. It is "off",
            // because Radix announces each notice in a region of its own.
            aria-live="off"
            className="fixed inset-x-3 bottom-[calc(4.75rem+env(safe-area-inset-bottom))] z-60 flex flex-col gap-2 outline-none sm:left-auto sm:w-96 lg:bottom-5"
          />
        )}
      </Radix.Provider>
    </ToastContext>
  );
}

function Mark({ tone }: { tone: Message["tone"] }) {
  const Icon = tone === "good" ? CircleCheck : CircleAlert;
  return <Icon aria-hidden="true" className={clsx("mt-1.5 size-5", tone === "good" ? "text-accent" : "text-danger")} />;
}
