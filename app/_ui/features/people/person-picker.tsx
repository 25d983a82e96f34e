"use client";
import { Search } from "lucide-react";
import { useMemo, useState } from "react";
import { Avatar } from "../../primitives/avatar";

export interface Choice {
  readonly id: string;
  readonly name: string;
  readonly note?: string | null | undefined;
}

export interface PersonPickerProps {
  people: readonly Choice[];
  label: string;
  empty: string;
  onPick(choice: Choice): void;
  busyId?: string | null;
  autoFocus?: boolean;
}

const matches = (choice: Choice, words: string) =>
  `${choice.name} ${choice.id} ${choice.note ?? ""}`.toLocaleLowerCase().includes(words);

/** A search field over a list of people. Each person is a button. */
export function PersonPicker({ people, label, empty, onPick, busyId = null, autoFocus = false }: PersonPickerProps) {
  const [query, setQuery] = useState("");
  const shown = useMemo(() => {
    const words = query.trim().toLocaleLowerCase();
    return words ? people.filter((choice) => matches(choice, words)) : people;
  }, [people, query]);

  return (
    <div className="space-y-3">
      <SearchField label={label} value={query} onChange={setQuery} autoFocus={autoFocus} />
      <p role="status" className="sr-only">
        {shown.length} {shown.length === 1 ? "person" : "people"}
      </p>
      {shown.length === 0 && <p className="py-6 text-center text-ink-soft">{empty}</p>}
      <ul className="-mx-2 max-h-[50dvh] overflow-y-auto px-2 pb-1">
        {shown.map((choice) => (
          <li key={choice.id}>
            <button
              type="button"
              onClick={() => onPick(choice)}
              aria-busy={busyId === choice.id || undefined}
              disabled={busyId !== null}
              className="flex w-full items-center gap-3 rounded-control px-2 py-2 text-left transition-colors focus-visible:-outline-offset-2 hover:bg-accent-soft disabled:cursor-progress"
            >
              <Avatar id={choice.id} name={choice.name} />
              <span className="min-w-0">
                <bdi className="block truncate font-medium">{choice.name}</bdi>
                <span className="block truncate text-ink-faint text-xs">
                  <span className="ledger">{choice.id}</span>
                  {choice.note && ` · ${choice.note}`}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

export interface SearchFieldProps {
  label: string;
  value: string;
  onChange(value: string): void;
  autoFocus?: boolean;
}

export function SearchField({ label, value, onChange, autoFocus = false }: SearchFieldProps) {
  return (
    <div className="relative">
      <Search
        aria-hidden="true"
        className="-translate-y-1/2 pointer-events-none absolute top-1/2 left-3.5 size-4 text-ink-faint"
      />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        // biome-ignore lint/a11y/noAutofocus: only inside dialogs, where focus moves anyway
        autoFocus={autoFocus}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        className="field pl-10"
      />
    </div>
  );
}
