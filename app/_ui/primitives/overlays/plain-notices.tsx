"use client";
import { X } from "lucide-react";
import { Button } from "../button";
import type { Message } from "./notices";

/** The notices while their own code cannot be loaded: each stays until it is dismissed. */
export function PlainNotices({ messages, onDrop }: { messages: readonly Message[]; onDrop(id: number): void }) {
  return (
    <div className="fixed inset-x-3 bottom-[calc(4.75rem+env(safe-area-inset-bottom))] z-60 flex flex-col gap-2 sm:left-auto sm:w-96 lg:bottom-5">
      {messages.map(({ id, title, detail }) => (
        <div
          key={id}
          role="alert"
          className="flex items-start gap-3 rounded-card border border-line bg-raised py-3 pr-2 pl-4 shadow-float"
        >
          <div className="min-w-0 flex-1 py-1">
            <p className="font-medium">{title}</p>
            {detail && <p className="mt-0.5 text-ink-soft text-sm">{detail}</p>}
          </div>
          <Button look="ghost" size="icon" aria-label="Dismiss" className="size-9" onClick={() => onDrop(id)}>
            <X aria-hidden="true" className="size-4" />
          </Button>
        </div>
      ))}
    </div>
  );
}
