import { expect } from "vitest";
import type { App } from "@/lib/server/boot/app";
import { composeReport } from "@/lib/server/observe/instance-report";
import type { IngestionAnswer, ReadyAnswer } from "@/lib/wire/operators/health";

/** The bearer token for `GET /api/metrics`, for the variable METRICS_TOKEN. */
export const METRICS_TOKEN = "a-token-of-the-tests-that-nobody-could-guess";

/** Asks an instance. `headers` are of the request. */
export type AskHealth = (path: string, headers?: Readonly<Record<string, string>>) => Promise<Response>;

/**
 * The codes of the incidents that an instance tells of, sorted, in each place that tells of health: `ready`, `ingestion`, the
 * report to the other instances, and the metrics.
 */
export async function toldCodes(app: App, ask: AskHealth): Promise<readonly (readonly string[])[]> {
  const codesOf = (incidents: readonly { readonly code: string }[]) => incidents.map(({ code }) => code);
  const ready = (await (await ask("/api/health/ready")).json()) as ReadyAnswer;
  const ingestion = (await (await ask("/api/health/ingestion")).json()) as IngestionAnswer;
  const { incidents: reported } = composeReport(app);
  const text = await (await ask("/api/metrics", { authorization: `Bearer ${METRICS_TOKEN}` })).text();
  const series = [...text.matchAll(/trustmesh_incidents\{code="([^"]+)",[^}]*\} 1/g)].map(([, code]) => code as string);
  return [codesOf(ready.incidents), codesOf(ingestion.incidents), codesOf(reported), series].map((codes) =>
    codes.sort(),
  );
}

/** Expects that every place tells of `code`, and that all tell the same. */
export async function expectToldEverywhere(app: App, ask: AskHealth, code: string): Promise<void> {
  const places = await toldCodes(app, ask);
  for (const codes of places) {
    expect(codes).toContain(code);
    expect(codes).toEqual(places[0]);
  }
}
