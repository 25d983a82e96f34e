"use client";
import { useId } from "react";
import { DIALS, type Dial, type DialValues, POSITIONS, positionOf, valueAt } from "@/lib/client/admin/capacity";

export interface DialsProps {
  values: DialValues;
  onChange(id: Dial["id"], value: number): void;
}

export function Dials({ values, onChange }: DialsProps) {
  return (
    <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
      {DIALS.map((dial) => (
        <Slider key={dial.id} dial={dial} value={values[dial.id]} onChange={(value) => onChange(dial.id, value)} />
      ))}
    </div>
  );
}

function Slider({ dial, value, onChange }: { dial: Dial; value: number; onChange(value: number): void }) {
  const id = useId();
  return (
    <div>
      <div className="mb-1 flex items-baseline justify-between gap-3">
        <label htmlFor={id} className="font-medium text-sm">
          {dial.label}
        </label>
        <output htmlFor={id} className="font-display font-semibold text-lg tabular-nums">
          {dial.format(value)}
        </output>
      </div>
      <input
        id={id}
        type="range"
        min={0}
        max={POSITIONS}
        value={positionOf(dial, value)}
        aria-valuetext={dial.format(value)}
        onChange={(event) => onChange(moved(dial, value, Number(event.target.value)))}
        className="h-6 w-full cursor-pointer accent-accent"
      />
    </div>
  );
}

/** Values are rounded, so a small step may not change one. This moves on to the next different value. */
function moved(dial: Dial, from: number, to: number): number {
  const start = positionOf(dial, from);
  const direction = Math.sign(to - start);
  for (let position = to; direction !== 0 && position >= 0 && position <= POSITIONS; position += direction) {
    const value = valueAt(dial, position);
    if (value !== from) return value;
  }
  return valueAt(dial, to);
}
