import clsx from "clsx";

const HUES = 12;

/** Gives the same person the same colour everywhere. */
export function hueClass(id: string): string {
  let hash = 2_166_136_261;
  for (const char of id) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619);
  return `hue-${(hash >>> 0) % HUES}`;
}

/** The first letters of two words of a name, or the last two characters of an id. */
export function initials(name: string): string {
  const words = name
    .replace(/^tm-/, "")
    .split(/[\s._-]+/u)
    .filter((word) => /^\p{L}/u.test(word));
  const [first, last] = [words[0], words.length > 1 ? words.at(-1) : undefined];
  if (!first) return [...name].slice(-2).join("").toUpperCase();
  const letters = last ? [...first].slice(0, 1).concat([...last].slice(0, 1)) : [...first].slice(0, 2);
  return letters.join("").toUpperCase();
}

const SIZES = {
  sm: "size-8 text-xs",
  md: "size-10 text-sm",
  lg: "size-14 text-lg",
  xl: "size-20 text-2xl",
} as const;

export function Avatar({ id, name, size = "md" }: { id: string; name: string; size?: keyof typeof SIZES }) {
  return (
    <span
      aria-hidden="true"
      className={clsx(
        hueClass(id),
        SIZES[size],
        "inline-flex shrink-0 select-none items-center justify-center rounded-full border border-(--person-line) bg-(--person-fill) font-semibold text-(--person-ink) tracking-wide",
      )}
    >
      {initials(name)}
    </span>
  );
}
