"use client";

type Given = "value" | "onChange" | "autoComplete" | "autoCapitalize" | "spellCheck" | "className";

export interface LedgerInputProps extends Omit<React.ComponentProps<"input">, Given> {
  value: string;
  onValue(value: string): void;
}

/** A text field for an id of the ledger: nothing corrects or completes what is typed. */
export function LedgerInput({ onValue, ...props }: LedgerInputProps) {
  return (
    <input
      {...props}
      onChange={(event) => onValue(event.target.value)}
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      className="field ledger min-w-0"
    />
  );
}
