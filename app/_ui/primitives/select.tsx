import clsx from "clsx";
import { ChevronDown } from "lucide-react";

/** The platform's own list with our styling, because phones handle it best. */
export function Select({ className, children, ...rest }: React.ComponentProps<"select">) {
  return (
    <span className={clsx("relative block", className)}>
      <select {...rest} className="field cursor-pointer appearance-none pr-10">
        {children}
      </select>
      <ChevronDown
        aria-hidden="true"
        className="-translate-y-1/2 pointer-events-none absolute top-1/2 right-3 size-4 text-ink-faint"
      />
    </span>
  );
}
