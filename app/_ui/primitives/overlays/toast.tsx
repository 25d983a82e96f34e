"use client";
import { createContext, useCallback, useContext, useEffect, useState } from "react";
import type { Message } from "./notices";
import { onDemand, useOnDemand } from "./on-demand";
import { PlainNotices } from "./plain-notices";

type Say = (message: Omit<Message, "id">) => void;

const ToastContext = createContext<Say>(() => undefined);
export const useToast = (): Say => useContext(ToastContext);

/** Files of an earlier build are gone once the app was updated, so an open page cannot load the rest of its code. */
export const MISSING_CODE = "Check your connection. If the app was updated, reload this page.";

/** Says that a press opened nothing, and what to do. */
export function useSayMissing(): () => void {
  const say = useToast();
  return () => say({ tone: "bad", title: "That could not be opened", detail: MISSING_CODE });
}

const SHOWN_AT_ONCE = 3;

const code = onDemand(() => import("./notices"));

/** Every notice follows a press or a key. */
const FIRST_USE = ["pointerdown", "keydown"] as const;

let nextId = 1;

/**
 * Shows notices. Their code loads when the page is first used, and again with each notice until it is there: the first notice
 * often says that the server cannot be reached, and then no code comes either. Until it comes, the text is shown plainly.
 */
export function ToastProvider({ children }: { children: React.ReactNode }) {
  const [messages, setMessages] = useState<readonly Message[] | null>(null);
  const [parts, load] = useOnDemand(code);
  const say = useCallback<Say>(
    (message) => {
      setMessages((shown) => [...(shown ?? []).slice(1 - SHOWN_AT_ONCE), { ...message, id: nextId++ }]);
      load();
    },
    [load],
  );
  const drop = (id: number) => setMessages((shown) => (shown ?? []).filter((message) => message.id !== id));
  useEffect(() => {
    const used = new AbortController();
    const prepare = () => {
      used.abort();
      load();
    };
    for (const event of FIRST_USE) addEventListener(event, prepare, { capture: true, signal: used.signal });
    return () => used.abort();
  }, [load]);

  return (
    <ToastContext value={say}>
      {children}
      {messages && parts === "missing" && <PlainNotices messages={messages} onDrop={drop} />}
      {messages && parts && parts !== "missing" && <parts.default messages={messages} onDrop={drop} />}
    </ToastContext>
  );
}
