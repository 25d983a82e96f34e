/** Icons of recognitions. Anybody may choose one, by name or as an emoji. Pure. */

const EMOJI = /^\p{Extended_Pictographic}/u;
const MAX_CHARACTERS = 12;
/** Selects the emoji form of a character that may also be a plain sign. */
const VARIATION = /\ufe0f/g;

/** Emoji for which we have our own icon, which every system shows. */
const NAMES: Readonly<Record<string, string>> = {
  ...{
    "🤝": "handshake",
    "⚓": "anchor",
    "🧭": "compass",
    "🦉": "bird",
    "🌉": "waypoints",
    "🪄": "wand",
    "🍲": "soup",
  },
  ...{
    "📣": "megaphone",
    "🚑": "ambulance",
    "🫱": "hand",
    "🌻": "flower",
    "🤿": "waves",
    "🏆": "trophy",
    "⭐": "star",
  },
  ...{ "🌟": "star", "✨": "sparkles", "💡": "lightbulb", "❤": "heart", "🔥": "flame", "🚀": "rocket", "🎯": "target" },
  ...{ "🏅": "medal", "🥇": "medal", "🎓": "graduation-cap", "💎": "gem", "👑": "crown", "🛡": "shield", "⚡": "zap" },
  ...{ "🌱": "sprout", "👍": "thumbs-up", "🎨": "palette", "🎵": "music", "🔧": "wrench", "📚": "book", "⚖": "scale" },
  ...{ "🧠": "brain", "💬": "chat", "⛰": "mountain", "🍃": "leaf", "👥": "users" },
};

export interface IconChoice {
  /** The icon's name in definitions. Empty if there is none. */
  readonly name: string;
  /** An emoji without an icon of ours. Null otherwise. */
  readonly emoji: string | null;
}

/** The icon to show for the text of a definition's icon; null is a definition without one. */
export function iconChoice(icon: string | null): IconChoice {
  const text = icon?.trim().toLowerCase() ?? "";
  if (!EMOJI.test(text) || text.length > MAX_CHARACTERS) return { name: text, emoji: null };
  const plain = text.replace(VARIATION, "");
  const name = Object.hasOwn(NAMES, plain) ? NAMES[plain] : undefined;
  return name === undefined ? { name: "", emoji: text } : { name, emoji: null };
}
