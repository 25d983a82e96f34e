"use client";
import { createContext, useContext } from "react";
import type { AdminStatus } from "@/lib/wire/admin";

const Context = createContext<AdminStatus | null>(null);

export const StatusProvider = Context.Provider;

/** The last status that was read. Only below the frame, which shows nothing of ours before there is one. */
export function useStatus(): AdminStatus {
  const status = useContext(Context);
  if (!status) throw new Error("useStatus is for what the admin frame shows");
  return status;
}
