/**
 * Radix adds a style element while a dialog locks scrolling. Under a strict CSP it needs the page's nonce, which Radix's helper
 * reads from this global.
 */
export function shareStyleNonce(): void {
  const nonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce;
  if (nonce) Object.assign(globalThis, { __webpack_nonce__: nonce });
}
