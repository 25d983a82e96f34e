"use client";
import { cloneElement } from "react";
import { onDemand, useFirstOpening } from "./on-demand";
import type { PopoverProps } from "./open-popover";
import { useSayMissing } from "./toast";

const code = onDemand(() => import("./open-popover"));

/** A dialog beside its trigger. Its code is loaded when it is first opened. */
export function Popover(props: PopoverProps) {
  const [opening, first] = useFirstOpening(code, "dialog", useSayMissing());
  if (opening === null) return cloneElement(props.trigger, first);
  const { OpenPopover } = opening.parts;
  return <OpenPopover {...props} />;
}
