/** What Redis says of how it keeps its data. Only asks; many providers do not let anybody ask. */

export interface RedisSettings {
  /** Null: it does not say. */
  readonly isPersistent: boolean | null;
  /** `noeviction`, `allkeys-lru`, …; null: it does not say. */
  readonly evictionPolicy: string | null;
}

const TIMEOUT_MS = 3_000;

export async function readRedisSettings({ url, token }: { readonly url: string; readonly token: string }) {
  const config = async (name: string): Promise<string | null> => {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(["CONFIG", "GET", name]),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const { result } = (await response.json()) as { result?: unknown };
      const [, value] = Array.isArray(result) ? (result as unknown[]) : [];
      return typeof value === "string" ? value : null;
    } catch {
      return null;
    }
  };
  const [log, snapshots, policy] = await Promise.all(["appendonly", "save", "maxmemory-policy"].map(config));
  const isPersistent = log == null && snapshots == null ? null : log === "yes" || (snapshots ?? "") !== "";
  return { isPersistent, evictionPolicy: policy ?? null } satisfies RedisSettings;
}
