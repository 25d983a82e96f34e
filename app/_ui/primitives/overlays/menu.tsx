"use client";
import { cloneElement } from "react";
import { onDemand, useFirstOpening } from "./on-demand";
import { useSayMissing } from "./toast";

const code = onDemand(() => import("./menu-parts"));
type Parts = Pick<typeof import("./menu-parts"), "MenuItem" | "MenuChoice" | "MenuSeparator">;

export interface MenuProps {
  trigger: React.ReactElement;
  /** The menu's items, made of the parts that are loaded with the menu. */
  children(parts: Parts): React.ReactNode;
}

/** A menu. Its code is loaded when it is first opened. */
export function Menu({ trigger, children }: MenuProps) {
  const [opening, first] = useFirstOpening(code, "menu", useSayMissing());
  if (opening === null) return cloneElement(trigger, first);
  const { OpenMenu, ...parts } = opening.parts;
  return (
    <OpenMenu trigger={trigger} byKeyboard={opening.byKeyboard}>
      {children(parts)}
    </OpenMenu>
  );
}
