"use client";
import { useId } from "react";

export interface FieldProps {
  label: string;
  hint?: string;
  error?: string | null;
  children(control: { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean }): React.ReactNode;
}

/** A label, its control, and a hint or an error. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className="space-y-1.5">
      <label htmlFor={id} className="block font-medium text-sm">
        {label}
      </label>
      {children({ id, "aria-describedby": note ? `${id}-note` : undefined, "aria-invalid": Boolean(error) })}
      {note && (
        <p id={`${id}-note`} className={error ? "text-danger text-sm" : "text-ink-soft text-sm"}>
          {note}
        </p>
      )}
    </div>
  );
}
