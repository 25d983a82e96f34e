/** Radix adds a style element while a dialog locks scrolling. Under a strict CSP it must carry the page's nonce, which its helper takes from this name. */
export function shareStyleNonce(): void {
  const nonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce;
  if (nonce) Object.assign(globalThis, { __webpack_nonce__: nonce });
}
