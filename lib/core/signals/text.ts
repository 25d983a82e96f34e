/**
 * Anybody can write text on the ledger, so it is bounded and stripped of characters that reorder, hide or break the text around
 * it. Characters that scripts and emoji need stay where they need them, and nowhere else: an invisible character without effect
 * makes two names look the same.
 */

/**
 * A flag of a part of a country: a black flag, then its code in invisible letters and digits, then the end (UTS #51). Elsewhere
 * such letters hide text.
 */
const REGION_FLAG = /\u{1F3F4}[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{3,6}\u{E007F}/u;

/** Format characters that show: signs of Arabic, Syriac and Kaithi that stand before or around a number. */
const SHOWN_FORMATS = "\\u0600-\\u0605\\u06DD\\u070F\\u0890\\u0891\\u08E2\\u{110BD}\\u{110CD}";

/** Joiners and variation selectors. Their place decides whether they stay. */
const BY_PLACE = "\\u200C\\u200D\\u180B-\\u180D\\u180F\\uFE00-\\uFE0F\\u{E0100}-\\u{E01EF}";

/** Letters and signs that are blank: of Braille, music, Khitan and hieroglyphs. Unicode counts them as shown. */
const BLANK = "\\u2800\\u{1D159}\\u{16FE4}\\u{13441}\\u{13442}";

/**
 * Controls, format characters (bidi overrides, zero width), lone surrogates, private use, unassigned code points, Hangul
 * fillers and other blank characters. A lookahead leaves out those that are judged elsewhere.
 */
const UNSAFE = new RegExp(
  `${REGION_FLAG.source}|(?![${SHOWN_FORMATS}${BY_PLACE}])[\\p{C}\\p{Default_Ignorable_Code_Point}${BLANK}]`,
  "gu",
);

/** Characters that join two others into one, and the tags of a flag. A joiner alone separates no words. */
const GLUE = /^[\u034F\u{E0000}-\u{E007F}]$/u;
const harmless = (found: string) => {
  if (REGION_FLAG.test(found)) return found;
  return GLUE.test(found) ? "" : " ";
};

/**
 * A variation selector after a character with variants: emoji and keycaps, ideographs, Mongolian, Burmese and related scripts,
 * and mathematical signs.
 */
const STRAY_SELECTORS = new RegExp(
  [
    "(?<![\\p{Extended_Pictographic}0-9#*])[\\uFE0E\\uFE0F]",
    "(?<![\\p{Script=Han}])[\\uFE03-\\uFE0D\\u{E0100}-\\u{E01EF}]",
    "(?<![\\p{Script=Han}\\p{Script=Myanmar}\\p{Sm}])[\\uFE00-\\uFE02]",
    "(?<!(?=\\p{L})\\p{Script=Mongolian})[\\u180B-\\u180D\\u180F]",
  ].join("|"),
  "gu",
);

/** Scripts whose letters change their form with their neighbours: there a joiner between two letters changes their look. */
const JOINING = [
  ...["Arabic", "Syriac", "Mandaic", "Nko", "Mongolian", "Phags_Pa", "Adlam", "Hanifi_Rohingya", "Sogdian"],
  ...["Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala"],
  ...["Khmer", "Myanmar", "Thai", "Lao", "Tibetan", "Balinese", "Javanese", "Sundanese", "Cham", "Kaithi", "Newa"],
  ...["Limbu", "Meetei_Mayek", "Chakma", "Tirhuta", "Grantha", "Modi", "Sharada", "Takri", "Nandinagari"],
]
  .map((script) => `\\p{Script_Extensions=${script}}`)
  .join("");
const STRAY_JOINERS = new RegExp(
  [
    `\\u200C(?!(?<=[${JOINING}]\\u200C)[${JOINING}])`,
    `\\u200D(?!(?<=[${JOINING}]\\u200D)[${JOINING}]|(?<=[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\uFE0F]\\u200D)\\p{Extended_Pictographic})`,
  ].join("|"),
  "gu",
);

const withoutStray = (text: string) => text.replace(STRAY_SELECTORS, "").replace(STRAY_JOINERS, "");

/** A character that shows by itself: no space, no combining mark, nothing that is judged by its place. */
const VISIBLE = new RegExp(`[^\\s\\p{M}\\p{C}\\p{Default_Ignorable_Code_Point}${BLANK}]`, "u");

/** Printable ASCII with single spaces: most text is like this, and it needs no further check. */
const PLAIN = /^[!-~]+( [!-~]+)*$/;

const CLUSTERS = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The first `maxCharacters` code points. A character that consists of several is kept whole or left out. */
function cut(text: string, maxCharacters: number): string {
  let kept = "";
  let count = 0;
  for (const { segment } of CLUSTERS.segment(text)) {
    count += [...segment].length;
    if (count > maxCharacters) break;
    kept += segment;
  }
  return kept;
}

/** One line of harmless text of at most `maxCharacters` code points; null if nothing is left. */
export function cleanText(value: unknown, maxCharacters: number): string | null {
  if (typeof value !== "string") return null;
  // Four UTF-16 units a character is more than enough, and bounds the work on a hostile 20 KB name.
  const head = value.slice(0, maxCharacters * 4);
  if (PLAIN.test(head) && head.length <= maxCharacters) return head;
  const safe = withoutStray(head.toWellFormed().replace(UNSAFE, harmless));
  const text = safe.replace(/\s+/gu, " ").trim();
  const bounded = text.length <= maxCharacters ? text : withoutStray(cut(text, maxCharacters)).trim();
  return VISIBLE.test(bounded) ? bounded : null;
}

/**
 * Whether a name without spaces is visible and none of its characters is without effect. Then no two different names look the
 * same because of hidden characters.
 */
export function showsWhole(name: string): boolean {
  if (PLAIN.test(name)) return true;
  return VISIBLE.test(name) && name.replace(UNSAFE, harmless) === name && withoutStray(name) === name;
}
