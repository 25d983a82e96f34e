import { expect, it } from "vitest";
import { POSITIONS_PER_EPOCH } from "@/lib/core/signals/position";
import { rawQuery } from "@/tests/support/stores/raw-query";
import { emptied, openStore, type Subject } from "@/tests/support/stores/store-opening";
import { batchOf, topic, user } from "@/tests/support/worlds/histories/batches";
import { addTopics } from "../../../support/stores/add-topics";

const T = topic("0.0.7");
const A = user("tm-alice");
const SIGNAL = { type: "CONTACT_REQUEST", actor: A, target: "tm-bob" };

export function lifeContract(subject: Subject): void {
  it("starts a new epoch at a rebuild, with nothing but the topics", async () => {
    const store = await emptied(subject);
    await addTopics(store.registry, [{ topicId: T, kinds: ["contact"] }]);
    await store.sync.commit(
      batchOf(T, 0, [
        SIGNAL,
        { type: "PROFILE_UPDATE", actor: A },
        { type: "RECOGNITION_DEFINITION", actor: A, definitionId: "d" },
      ]),
    );
    await store.sync.recordHole(T, 9, 9, 1);

    expect(await store.sync.rebuild()).toBe(1);
    expect(await store.sync.topics()).toMatchObject([
      { topicId: T, kinds: ["contact"], cursor: 0, headNs: 0n, counts: { messages: 0, verified: 0 } },
    ]);
    expect(await store.views.contacts(A)).toEqual({ position: 0, edges: [] });
    expect(await store.views.recognition(A, null, 9)).toEqual({
      ...{ position: 0, rows: [], own: [], nextBeforeNs: null, droppedNs: null },
    });
    expect([await store.sync.gaps(T), await store.sync.log(T, 1, 9), await store.views.profiles([A])]).toEqual([
      [],
      [],
      [],
    ]);

    expect(await store.sync.commit(batchOf(T, 3, [SIGNAL]))).toEqual({ kind: "conflict" });
    const outcome = await store.sync.commit(batchOf(T, 0, [SIGNAL]));
    expect(outcome).toMatchObject({
      rows: [{ position: POSITIONS_PER_EPOCH + 1 }, { position: POSITIONS_PER_EPOCH + 1 }],
    });
    expect(await store.views.head(A)).toBe(POSITIONS_PER_EPOCH + 1);
    // A stream from before the rebuild has missed everything; one from nowhere, too.
    for (const position of [3, 0]) expect((await store.views.signalsAfter(A, position, 9)).rows).toHaveLength(1);
    expect((await store.views.signalsAfter(A, POSITIONS_PER_EPOCH + 1, 9)).rows).toEqual([]);
  });

  it("says that a topic is read from the ledger again, from the start of a start over or a rebuild until it has all its earlier messages", async () => {
    const store = await emptied(subject);
    await addTopics(store.registry, [{ topicId: T, kinds: ["contact"] }]);
    const syncAgainThrough = async () => (await store.sync.topic(T))?.syncAgainThrough;
    const startsOver = async () => {
      await store.sync.startOver(T);
      while ((await store.sync.topic(T))?.isDropping) await store.sync.dropSome(T, 100);
    };
    await store.sync.commit(batchOf(T, 0, [SIGNAL, SIGNAL, SIGNAL]));
    expect(await syncAgainThrough()).toBeNull();

    await store.sync.startOver(T);
    expect(await syncAgainThrough()).toBe(3);
    await startsOver();
    await store.sync.commit(batchOf(T, 0, [SIGNAL, SIGNAL]));
    expect(await syncAgainThrough()).toBe(3);
    // The second of two in a row finds fewer messages.
    await startsOver();
    expect(await syncAgainThrough()).toBe(3);
    await store.sync.commit(batchOf(T, 0, [SIGNAL, SIGNAL, SIGNAL, SIGNAL]));
    expect(await syncAgainThrough()).toBeNull();

    await store.sync.rebuild();
    expect(await syncAgainThrough()).toBe(4);
    await store.sync.commit(batchOf(T, 0, [SIGNAL, SIGNAL, SIGNAL, SIGNAL]));
    expect(await syncAgainThrough()).toBeNull();
  });

  it("can be opened again, even twice at once", async () => {
    const { db } = await emptied(subject);
    await Promise.all([openStore(db, "devnet"), openStore(db, "devnet")]);
  });

  it("refuses a database of another network, and says what to do", async () => {
    const { db } = await emptied(subject);
    await expect(openStore(db, "mainnet")).rejects.toMatchObject({
      name: "OtherNetwork",
      message: expect.stringMatching(
        /holds the network "devnet".*"mainnet".*DATABASE_URL or DATA_DIR.*HEDERA_NETWORK=devnet/,
      ),
    });
  });

  it("belongs to one ledger: another devnet is refused with a sentence that says what to do", async () => {
    const { db } = await emptied(subject);
    const [first, second] = [await openStore(db, "devnet"), await openStore(db, "devnet")];
    await Promise.all([first.claimLedger("0.0.1001@17"), second.claimLedger("0.0.1001@17")]);
    await expect(second.claimLedger("0.0.1001@18")).rejects.toMatchObject({
      name: "OtherLedger",
      message: expect.stringMatching(/another devnet.*DATA_DIR\/devnet.*DATABASE_URL.*delete DATA_DIR\/postgres/),
    });
    await first.claimLedger("0.0.1001@17");
  });

  it("passes errors of our own code on unchanged", async () => {
    await expect(rawQuery(subject.db(), "SELEC 1")).rejects.toMatchObject({ code: "42601" });
    await expect(rawQuery(subject.db(), "INSERT INTO meta (network) VALUES ('x')")).rejects.toMatchObject({
      code: "23505",
    });
  });
}
