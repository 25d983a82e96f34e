/** Tells whether this system can draw an emoji. Without a glyph, browsers draw an empty box. */
import { useSyncExternalStore } from "react";

const SIZE_PX = 24;
/** No font has a glyph for this character, so it shows the box for a missing one. */
const MISSING = "\u{10ffff}";

const known = new Map<string, boolean>();

function pixelsOf(text: string): string | null {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [SIZE_PX, SIZE_PX];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return null;
  context.font = `${SIZE_PX * 0.75}px sans-serif`;
  context.textBaseline = "top";
  context.fillText(text, 0, 0);
  const { data } = context.getImageData(0, 0, SIZE_PX, SIZE_PX);
  return data.some((value) => value !== 0) ? data.join() : null;
}

function canDraw(emoji: string): boolean {
  const drawn = known.get(emoji) ?? isDrawn(emoji);
  known.set(emoji, drawn);
  return drawn;
}

function isDrawn(emoji: string): boolean {
  // A font that lacks an emoji's own glyph may draw it as several glyphs, so the first character decides.
  const pixels = pixelsOf([...emoji][0] ?? "");
  return pixels !== null && pixels !== pixelsOf(MISSING);
}

const never = () => () => {};

/** False on the server, and until the browser has checked. */
export const useCanDraw = (emoji: string | null): boolean =>
  useSyncExternalStore(
    never,
    () => emoji !== null && canDraw(emoji),
    () => false,
  );
