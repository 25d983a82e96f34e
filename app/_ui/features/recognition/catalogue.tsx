"use client";
import { useMemo, useState } from "react";
import type { Definition } from "@/lib/wire/recognition";
import { Badge } from "../../primitives/badge";
import { Button } from "../../primitives/button";
import { SearchField } from "../people/person-picker";
import { RecognitionIcon } from "./recognition-icon";

export function Catalogue({
  definitions,
  onGive,
}: {
  definitions: readonly Definition[];
  onGive(definition: Definition): void;
}) {
  const [query, setQuery] = useState("");
  const shown = useMemo(() => {
    const words = query.trim().toLocaleLowerCase();
    return definitions
      .filter(({ title, description, category }) =>
        `${title} ${description ?? ""} ${category ?? ""}`.toLocaleLowerCase().includes(words),
      )
      .sort((a, b) => a.title.localeCompare(b.title));
  }, [definitions, query]);

  return (
    <>
      <SearchField label="Search the catalogue" value={query} onChange={setQuery} />
      {shown.length === 0 && <p className="py-10 text-center text-ink-soft">Nothing of that name is defined.</p>}
      <ul aria-label="Definitions" className="mt-3 grid gap-x-8 lg:grid-cols-2">
        {shown.map((definition) => (
          <li key={definition.id} className="flex items-start gap-3 border-line border-b py-4">
            <span className="grid size-10 shrink-0 place-items-center rounded-full bg-copper-soft text-copper">
              <RecognitionIcon icon={definition.icon} className="size-5" />
            </span>
            <div className="min-w-0 flex-1">
              <h2 className="flex flex-wrap items-center gap-x-2 font-semibold">
                <bdi>{definition.title}</bdi>
                {definition.category && <Badge>{definition.category}</Badge>}
              </h2>
              {definition.description && (
                <p className="text-ink-soft text-sm">
                  <bdi>{definition.description}</bdi>
                </p>
              )}
            </div>
            <Button size="sm" onClick={() => onGive(definition)} aria-label={`Give ${definition.title}`}>
              Give
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}
