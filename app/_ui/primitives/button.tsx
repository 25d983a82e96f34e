import clsx from "clsx";

const LOOKS = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong border-transparent",
  quiet: "bg-raised text-ink hover:bg-accent-soft border-line-strong",
  ghost: "bg-transparent text-ink-soft hover:bg-accent-soft hover:text-ink border-transparent",
  danger: "bg-danger text-on-danger hover:bg-danger-strong border-transparent",
} as const;

const SIZES = {
  md: "min-h-11 px-4 text-[0.9375rem]",
  sm: "min-h-9 px-3 text-sm",
  icon: "size-10 justify-center",
} as const;

export interface ButtonProps extends React.ComponentProps<"button"> {
  look?: keyof typeof LOOKS;
  size?: keyof typeof SIZES;
  /** Shows that the action is running. The button keeps its focus and its width. */
  busy?: boolean;
}

export function buttonClass(
  look: keyof typeof LOOKS = "quiet",
  size: keyof typeof SIZES = "md",
  more?: string,
): string {
  return clsx(
    "inline-flex items-center justify-center gap-2 rounded-control border font-medium whitespace-nowrap transition-colors",
    "disabled:cursor-not-allowed disabled:opacity-60 aria-disabled:cursor-progress",
    LOOKS[look],
    SIZES[size],
    more,
  );
}

export function Button({ look, size, busy = false, className, onClick, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={buttonClass(look, size, className)}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}

function Spinner() {
  return (
    <span
      aria-hidden="true"
      className="size-4 animate-spin rounded-full border-2 border-current border-t-transparent motion-reduce:animate-none"
    />
  );
}
