/** Compares PromQL queries with the metrics that the app exports. */

/** Prometheus' own metric `up`, and the labels that it adds. */
const OF_PROMETHEUS = ["up", "instance", "job"];

/** Names and labels of a PromQL expression that no exported series has. Grafana's variables count as values. */
export function unknownIn(expr: string, known: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const bare = expr.replace(/"[^"]*"/g, '""').replace(/\$\w+/g, "1m");
  const names = namesIn(bare);
  const labels = [...bare.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*""/g), ...bare.matchAll(/\bby \(([^)]*)\)/g)].flatMap(
    ([, list = ""]) => list.split(",").map((label) => label.trim()),
  );
  const allowed = new Set([...OF_PROMETHEUS, ...names.flatMap((name) => known.get(name) ?? [])]);
  return [...names.filter((name) => !known.has(name)), ...labels.filter((label) => !allowed.has(label))];
}

/** Names of the app's metrics in an expression. */
export const namesIn = (expr: string): readonly string[] =>
  [...expr.matchAll(/\b(?:trustmesh|process|nodejs)_\w+/g)].map(([name]) => name);
