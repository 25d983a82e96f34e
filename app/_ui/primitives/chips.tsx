"use client";
import { useId } from "react";

export interface ChipsProps<T extends string> {
  label: string;
  value: T;
  onChange(value: T): void;
  options: readonly { value: T; label: string }[];
}

/** A choice of one among a few: the platform's own radio buttons, each over the whole of its chip. Arrow keys choose. */
export function Chips<T extends string>({ label, value, onChange, options }: ChipsProps<T>) {
  const name = useId();
  return (
    <div role="radiogroup" aria-label={label} className="-mx-1 flex gap-2 overflow-x-auto px-1 py-1">
      {options.map((option) => (
        <label
          key={option.value}
          className="relative inline-flex min-h-9 items-center whitespace-nowrap rounded-full border border-line-strong bg-raised px-3.5 font-medium text-sm transition-colors hover:bg-accent-soft has-checked:border-transparent has-checked:bg-ink has-checked:text-paper"
        >
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
            className="absolute inset-0 cursor-pointer appearance-none rounded-full"
          />
          {option.label}
        </label>
      ))}
    </div>
  );
}
