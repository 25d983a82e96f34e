"use client";
import { ToggleGroup as Radix } from "radix-ui";

export interface ChipsProps<T extends string> {
  label: string;
  value: T;
  onChange(value: T): void;
  options: readonly { value: T; label: string }[];
}

/** A choice of one among a few. Arrow keys move between them. */
export function Chips<T extends string>({ label, value, onChange, options }: ChipsProps<T>) {
  return (
    <Radix.Root
      type="single"
      aria-label={label}
      value={value}
      // Pressing the chosen one again would otherwise choose none.
      onValueChange={(chosen) => chosen && onChange(chosen as T)}
      className="-mx-1 flex gap-2 overflow-x-auto px-1 py-1"
    >
      {options.map((option) => (
        <Radix.Item
          key={option.value}
          value={option.value}
          className="min-h-9 whitespace-nowrap rounded-full border border-line-strong bg-raised px-3.5 font-medium text-sm transition-colors hover:bg-accent-soft data-[state=on]:border-transparent data-[state=on]:bg-ink data-[state=on]:text-paper"
        >
          {option.label}
        </Radix.Item>
      ))}
    </Radix.Root>
  );
}
