export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The measure by which to judge the number: the yardstick of the same run, the requirement, the spread. */
  readonly detail: string;
}

export interface RowModule {
  /** The names of all rows that `run` returns. */
  readonly names: readonly string[];
  /** Measures. Starts and stops everything that it needs. */
  run(): Promise<readonly BenchRow[]>;
}
