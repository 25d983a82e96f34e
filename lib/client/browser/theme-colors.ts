/** Reads the page's colours for drawing on a canvas, and reports when they change. */

/** The computed colour of a custom property on `element`. */
export function colorOf(element: Element, property: string): string {
  const probe = document.createElementNS("http://www.w3.org/2000/svg", "g");
  probe.style.color = `var(${property})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Calls back when the system's or the chosen theme changes. Returns the function that stops it. */
export function onThemeChange(listener: () => void): () => void {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = new MutationObserver(listener);
  system.addEventListener("change", listener);
  chosen.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => {
    system.removeEventListener("change", listener);
    chosen.disconnect();
  };
}
