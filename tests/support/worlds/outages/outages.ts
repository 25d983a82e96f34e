/**
 * Tests of the outage tables in docs/operations.md. For each tier and fault, they check what users see of reads, syncs, submits and
 * streams. The sentences are those of the tables. If a cell is missing here, this does not compile.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAULTS, type FaultName, outageLines, SURFACES, type Surface, TABLE_FILE, type TierName } from "./outage-table";
import { OutageWorld, type World } from "./outage-world";

/** A sentence of an outage table, word for word, and its test. Each test starts with a new, healthy world. */
type Cell = readonly [sees: string, prove: (world: World) => Promise<void>];
export type Rows = Readonly<Record<FaultName, Readonly<Record<Surface, Cell>>>>;

/** Switches a fault on and off three times. It calls `look` after each switch. */
export async function flap(
  fault: () => Promise<void>,
  heal: () => Promise<void>,
  look: (isAway: boolean, turn: number) => Promise<void>,
): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) {
    const isAway = turn % 2 === 0;
    await (isAway ? fault() : heal());
    await look(isAway, turn);
  }
}

/** Registers one tier's tests. */
export function outages(tier: TierName, rows: Rows): void {
  const world = new OutageWorld();
  beforeAll(() => world.open());
  afterAll(() => world.close());

  it(`has the rows of ${tier} word for word as ${TABLE_FILE}`, () => {
    const here = FAULTS.flatMap((fault) =>
      SURFACES.map((surface) => [tier, fault, surface, rows[fault][surface][0]] as const),
    );
    expect(outageLines().filter(([name]) => name === tier)).toEqual(here);
  });

  for (const fault of FAULTS) {
    describe(`while ${tier} is ${fault}`, () => {
      for (const surface of SURFACES) {
        const [sees, prove] = rows[fault][surface];
        it(`${surface}: ${sees}`, () => world.run(prove));
      }
    });
  }
}
