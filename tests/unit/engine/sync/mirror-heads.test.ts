import { beforeEach, describe, expect, it } from "vitest";
import { type ConsensusNs, fromMs } from "@/lib/core/ledger/consensus-time";
import { ok } from "@/lib/core/result";
import { Incidents } from "@/lib/engine/health/incidents";
import { MirrorHeads } from "@/lib/engine/sync/mirror-heads";
import type { MirrorName } from "@/lib/ports/ledger/ledger";
import { DrivenClock } from "../../../support/control/driven-clock";
import { quietLog } from "../../../support/quiet-log";

const MIRROR = "https://mirror.test" as MirrorName;
let clock: DrivenClock;
let headNs: ConsensusNs;
let heads: MirrorHeads;

beforeEach(() => {
  clock = new DrivenClock();
  headNs = fromMs(clock.now());
  heads = new MirrorHeads({
    ledger: { head: async () => ok({ mirror: MIRROR, throughNs: headNs }) },
    ...{ clock, incidents: new Incidents({ clock, log: quietLog }) },
    ...{ serveMs: 0, mayBeQuiet: true, quietMs: 2_000 },
  });
});

describe("a ledger that may rest", () => {
  it("is quiet once its head was reported unmoved for the time that this takes", async () => {
    await heads.ask(MIRROR).answer;
    await clock.advance(1_900);
    await heads.ask(MIRROR).answer;
    expect(heads.quiet()).toBeNull();
    await clock.advance(100);
    await heads.ask(MIRROR).answer;
    expect(heads.quiet()).toEqual({ throughNs: headNs });
  });

  it("is not quiet because nobody has asked for its head again", async () => {
    await heads.ask(MIRROR).answer;
    await clock.advance(10_000);
    expect(heads.quiet()).toBeNull();
    headNs = fromMs(clock.now());
    await heads.ask(MIRROR).answer;
    await clock.advance(10_000);
    expect(heads.quiet()).toBeNull();
  });
});
