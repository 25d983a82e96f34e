"use client";
import { Tabs as Radix } from "radix-ui";

export interface TabsProps<T extends string> {
  value: T;
  onChange(value: NoInfer<T>): void;
  label: string;
  tabs: readonly { value: NoInfer<T>; label: string; count?: number | undefined; content: React.ReactNode }[];
}

export function Tabs<T extends string>({ value, onChange, label, tabs }: TabsProps<T>) {
  return (
    <Radix.Root value={value} onValueChange={(chosen) => onChange(chosen as T)}>
      <Radix.List aria-label={label} className="flex gap-1 overflow-x-auto border-line border-b">
        {tabs.map((tab) => (
          <Radix.Trigger
            key={tab.value}
            value={tab.value}
            className="-mb-px inline-flex min-h-11 items-center gap-2 whitespace-nowrap border-transparent border-b-2 px-3 font-medium text-ink-soft focus-visible:-outline-offset-2 hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
          >
            {tab.label}
            {tab.count !== undefined && (
              <span className="rounded-full bg-accent-soft px-2 py-0.5 text-xs text-ink tabular-nums">{tab.count}</span>
            )}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.value} value={tab.value} className="pt-4">
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
