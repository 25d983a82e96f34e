/** Where to go after signing in. Accepts paths of this site only, never `//elsewhere` or a scheme. */
export function safeNext(next: string | null | undefined): string {
  return next && /^\/[a-z0-9][^\\]*$/i.test(next) ? next : "/signals";
}
