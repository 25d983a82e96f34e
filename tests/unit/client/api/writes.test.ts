import type { Cache, ScopedMutator, State } from "swr";
import { initCache } from "swr/_internal";
import { beforeEach, describe, expect, it } from "vitest";
import { seat } from "@/app/_ui/features/circle/seats";
import { dropFloors, floorHeader, raiseFloor } from "@/lib/client/api/floors";
import { nextNonce } from "@/lib/client/api/nonce";
import { acceptEffect, requestEffect, revokeEffect, showWrite, trustEffect } from "@/lib/client/api/views/optimistic";
import type { ContactsAnswer } from "@/lib/wire/contacts";

describe("read floors", () => {
  beforeEach(dropFloors);
  it("keep the highest sequence of each topic", () => {
    for (const floor of ["0.0.7=5", "0.0.8=2", "0.0.7=4"]) raiseFloor(floor, 0);
    expect(floorHeader(1)).toEqual({ "if-min-sequence": "0.0.7=5,0.0.8=2" });
  });
  it("end after a minute, and ignore invalid ones", () => {
    raiseFloor("0.0.7=5", 0);
    raiseFloor("nonsense", 0);
    expect(floorHeader(60_000)).toEqual({});
  });
});

describe("nonces", () => {
  it("grow, even when the clock stands still or goes back", () => {
    const nonces = [1_000, 1_000, 900, 2_000].map((now) => nextNonce("nonce-user", now));
    expect(nonces).toEqual([1_000, 1_001, 1_002, 2_000]);
  });
  it("follow the clock again after it was further ahead than the server accepts", () => {
    const nonces = [200_000, 70_001, 70_001].map((now) => nextNonce("early-user", now));
    expect(nonces).toEqual([200_000, 200_001, 70_001]);
  });
});

const contact = (peerId: string, allocatedTo = 0, receivedFrom = 0) => ({
  peerId,
  handle: peerId,
  bondedAt: 1,
  profileHrl: null,
  trust: { allocatedTo, receivedFrom },
});
const view: ContactsAnswer = {
  success: true,
  sessionId: "me",
  contacts: [contact("ann", 1, 2), contact("bob")],
  requests: { incoming: [{ peerId: "cid", handle: "Cid", requestedAt: 1 }], outgoing: [] },
  trustLevels: {},
  count: 2,
  position: 1,
  timestamp: "",
  asOf: null,
  lagMs: null,
  stale: false,
};

describe("optimistic effects", () => {
  it("turn a request into a contact when it is accepted", () => {
    const after = acceptEffect("cid", 9).contacts?.(view);
    expect(after?.contacts[0]).toMatchObject({ peerId: "cid", handle: "Cid", bondedAt: 9 });
    expect(after?.requests.incoming).toEqual([]);
  });
  it("add one outgoing request, however often a user asks", () => {
    const once = requestEffect("dan", "Dan", 1).contacts?.(view) ?? view;
    expect(requestEffect("dan", "Dan", 2).contacts?.(once).requests.outgoing).toHaveLength(1);
  });
  it("remove a revoked contact, and change trust of one contact only", () => {
    expect(
      revokeEffect("ann")
        .contacts?.(view)
        .contacts.map(({ peerId }) => peerId),
    ).toEqual(["bob"]);
    expect(
      trustEffect("bob", 1, 0)
        .contacts?.(view)
        .contacts.map(({ trust }) => trust.allocatedTo),
    ).toEqual([1, 1]);
  });
});

describe("writes on their way", () => {
  const key = "contacts";
  const twoRequests = {
    ...view,
    requests: {
      incoming: ["cid", "dan"].map((peerId) => ({ peerId, handle: peerId, requestedAt: 1 })),
      outgoing: [],
    },
  };
  const start = () => {
    const cache = new Map<string, State<ContactsAnswer>>([[key, { data: twoRequests }]]);
    const mutate = (initCache(cache) as unknown as [Cache, ScopedMutator])[1];
    let readings = 0;
    const counted = ((...asked: Parameters<ScopedMutator>) => {
      if (asked.length === 1) readings += 1;
      return mutate(...asked);
    }) as ScopedMutator;
    const write = (peerId: string) => {
      let accept = () => {};
      let refuse = (_reason: Error) => {};
      const written = new Promise<void>((resolve, reject) => {
        accept = resolve;
        refuse = reject;
      });
      const { contacts } = acceptEffect(peerId, 9);
      const ended = showWrite(counted, key, written, contacts as (view: ContactsAnswer) => ContactsAnswer);
      return { accept, refuse, ended };
    };
    const asking = () => cache.get(key)?.data?.requests.incoming.map(({ peerId }) => peerId);
    return { asking, write, readings: () => readings };
  };

  it("show the effects of all of them", () => {
    const { asking, write } = start();
    write("cid");
    expect(asking()).toEqual(["dan"]);
    write("dan");
    expect(asking()).toEqual([]);
  });

  it("are taken back when they are refused", async () => {
    const { asking, write } = start();
    const { refuse, ended } = write("cid");
    refuse(new Error("refused"));
    await expect(ended).rejects.toThrow("refused");
    expect(asking()).toEqual(["cid", "dan"]);
  });

  it("have the view read again if they end after a later one, whose end reads it too early", async () => {
    const { write, readings } = start();
    const [first, second] = [write("cid"), write("dan")];
    second.accept();
    await second.ended;
    expect(readings()).toBe(0);
    first.accept();
    await first.ended;
    expect(readings()).toBe(1);
  });
});

describe("seating", () => {
  const seated = (...weights: number[]) =>
    seat({ ...view, contacts: weights.map((weight, at) => contact(`p${at}`, weight)) });
  const kinds = (seating: ReturnType<typeof seat>) => seating.seats.map(({ kind }) => kind[0]).join("");
  it("always has nine seats", () => {
    expect(kinds(seated())).toBe("eeeeeeeee");
    expect(kinds(seated(1, 1))).toBe("tteeeeeee");
    expect(kinds(seated(2, 1))).toBe("ttweeeeee");
    expect(kinds(seated(50))).toBe("twwwwwwww");
  });
  it("says which contacts have no seat", () => {
    const over = seated(...Array(11).fill(1));
    expect(kinds(over)).toBe("ttttttttt");
    expect([over.beyond.length, over.given]).toEqual([2, 11]);
  });
});
