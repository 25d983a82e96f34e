import clsx from "clsx";

const TONES = {
  plain: "bg-paper text-ink-soft border-line",
  accent: "bg-accent-soft text-accent-strong border-transparent",
  gold: "bg-gold-soft text-gold border-transparent",
  copper: "bg-copper-soft text-copper border-transparent",
} as const;

export function Badge({ tone = "plain", children }: { tone?: keyof typeof TONES; children: React.ReactNode }) {
  return (
    <span
      className={clsx(
        "inline-flex items-center gap-1 whitespace-nowrap rounded-full border px-2 py-0.5 font-medium text-xs",
        TONES[tone],
      )}
    >
      {children}
    </span>
  );
}
