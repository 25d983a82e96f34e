export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The measure to judge the number by: the yardstick of the same run, the requirement, the spread. */
  readonly detail: string;
}

export interface RowModule {
  /** Every row that `run` answers. */
  readonly names: readonly string[];
  /** Measures. Starts and stops what it needs. */
  run(): Promise<readonly BenchRow[]>;
}
