/** The logo: nine seats around one person, who is joined by lines to some of them. */
const SEATS = [
  [16, 4.5],
  [23.4, 7.2],
  [27.3, 14],
  [26, 21.8],
  [19.9, 26.8],
  [12.1, 26.8],
  [6, 21.8],
  [4.7, 14],
  [8.6, 7.2],
] as const;

export function BrandMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={className}>
      <path d="M16 16 23.4 7.2M16 16 26 21.8M16 16 6 21.8" stroke="currentColor" strokeWidth="1.6" opacity="0.55" />
      {SEATS.map(([x, y], seat) => (
        <circle
          key={`${x}-${y}`}
          cx={x}
          cy={y}
          r={seat % 3 === 1 || seat === 3 || seat === 6 ? 2.5 : 1.9}
          fill="currentColor"
        />
      ))}
      <circle cx="16" cy="16" r="4.4" fill="currentColor" />
    </svg>
  );
}

export function Brand() {
  return (
    <span className="inline-flex items-center gap-2.5 font-display font-semibold text-xl tracking-tight">
      <BrandMark className="size-8 text-accent" />
      TrustMesh
    </span>
  );
}
