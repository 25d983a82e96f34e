"use client";
import clsx from "clsx";
import { DropdownMenu as Radix } from "radix-ui";
import { useRef } from "react";

/** The menu's container inside the page's main part, so that it belongs to a landmark. */
const home = () => (typeof document === "undefined" ? null : document.getElementById("main"));

export interface OpenMenuProps {
  trigger: React.ReactElement;
  /** The first item has the focus, as after every opening by a key. */
  byKeyboard: boolean;
  children: React.ReactNode;
}

/** A menu that is open from the start. Its accessible name is that of its trigger. */
export function OpenMenu({ trigger, byKeyboard, children }: OpenMenuProps) {
  const isFirst = useRef(byKeyboard);
  return (
    <Radix.Root modal={false} defaultOpen>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal container={home()}>
        <Radix.Content
          align="end"
          sideOffset={6}
          collisionPadding={12}
          onFocus={({ target, currentTarget }) => {
            if (!isFirst.current || target !== currentTarget) return;
            isFirst.current = false;
            currentTarget.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
          }}
          className="z-50 min-w-48 animate-appear rounded-control border border-line bg-raised p-1 shadow-float"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

const ITEM =
  "flex min-h-10 cursor-pointer select-none items-center gap-2.5 rounded-lg px-3 text-sm outline-none data-[highlighted]:bg-accent-soft data-[disabled]:opacity-50";

export interface MenuItemProps {
  onSelect?(): void;
  danger?: boolean;
  disabled?: boolean;
  asChild?: boolean;
  children: React.ReactNode;
}

export function MenuItem({ danger, ...rest }: MenuItemProps) {
  return <Radix.Item className={clsx(ITEM, danger && "text-danger")} {...rest} />;
}

export function MenuSeparator() {
  return <Radix.Separator className="mx-2 my-1 h-px bg-line" />;
}

export interface MenuChoiceProps<T extends string> {
  value: T;
  onChange(value: T): void;
  options: readonly { value: T; label: string; icon?: React.ReactNode }[];
}

export function MenuChoice<T extends string>({ value, onChange, options }: MenuChoiceProps<T>) {
  return (
    <Radix.RadioGroup value={value} onValueChange={(chosen) => onChange(chosen as T)}>
      {options.map((option) => (
        <Radix.RadioItem
          key={option.value}
          value={option.value}
          className={clsx(ITEM, "data-[state=checked]:font-semibold data-[state=checked]:text-accent")}
        >
          {option.icon}
          {option.label}
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  );
}
