import clsx from "clsx";

const TONES = { accent: "text-accent", copper: "text-copper", danger: "text-danger" } as const;

/** A share (0 to 1) as a bar. The caller shows the same figure as words beside it. */
export function ShareBar({
  share,
  tone = "accent",
  className,
}: {
  share: number;
  tone?: keyof typeof TONES;
  className?: string;
}) {
  return (
    <svg
      viewBox="0 0 100 8"
      preserveAspectRatio="none"
      aria-hidden="true"
      className={clsx("block h-2 w-full rounded-full", TONES[tone], className)}
    >
      <rect width="100" height="8" className="fill-line" />
      <rect width={Math.min(100, Math.max(0, share * 100))} height="8" fill="currentColor" />
    </svg>
  );
}
