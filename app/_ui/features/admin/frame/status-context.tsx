"use client";
import { createContext, useContext } from "react";
import type { AdminStatus } from "@/lib/wire/operators/admin";

const Context = createContext<AdminStatus | null>(null);

export const StatusProvider = Context.Provider;

/** The latest status. Works only below the frame, which renders its children once there is a status. */
export function useStatus(): AdminStatus {
  const status = useContext(Context);
  if (!status) throw new Error("useStatus works inside the admin frame only");
  return status;
}
