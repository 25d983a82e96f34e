"use client";
import { createContext, lazy, Suspense, useCallback, useContext, useState } from "react";
import type { Message } from "./notices";

type Say = (message: Omit<Message, "id">) => void;

const ToastContext = createContext<Say>(() => undefined);
export const useToast = (): Say => useContext(ToastContext);

const SHOWN_AT_ONCE = 3;

/** Loaded with the first notice. */
const Notices = lazy(() => import("./notices"));

let nextId = 1;

export function ToastProvider({ children }: { children: React.ReactNode }) {
  const [messages, setMessages] = useState<readonly Message[] | null>(null);
  const say = useCallback<Say>((message) => {
    setMessages((shown) => [...(shown ?? []).slice(1 - SHOWN_AT_ONCE), { ...message, id: nextId++ }]);
  }, []);
  const drop = (id: number) => setMessages((shown) => (shown ?? []).filter((message) => message.id !== id));

  return (
    <ToastContext value={say}>
      {children}
      {messages && (
        <Suspense>
          <Notices messages={messages} onDrop={drop} />
        </Suspense>
      )}
    </ToastContext>
  );
}
