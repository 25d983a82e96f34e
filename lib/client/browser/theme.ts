/**
 * The chosen theme is in a cookie, so that the server renders it and nothing flashes. Without the cookie, the system's theme
 * counts.
 */
export const THEME_COOKIE = "tm-theme";
const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** The theme of a cookie's value; the system's for any other value. */
export function parseTheme(value: string | undefined): Theme {
  return value === "light" || value === "dark" ? value : "system";
}

/** The theme in `document.cookie`. */
export function chosenTheme(cookies: string): Theme {
  return parseTheme(new RegExp(`(?:^|; )${THEME_COOKIE}=(\\w+)`).exec(cookies)?.[1]);
}

const YEAR_S = 31_536_000;

/** Applies the theme to the page and remembers it. */
export function chooseTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const age = theme === "system" ? 0 : YEAR_S;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API exists on https only and not in every browser
  document.cookie = `${THEME_COOKIE}=${theme}; path=/; max-age=${age}; samesite=lax`;
}
