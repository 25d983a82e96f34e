import "server-only";
import { andThen } from "../../core/awaitable";
import { fittingPrefix, MAX_ANSWER_BYTES } from "../../core/bounds";
import type { ConsensusNs } from "../../core/ledger/consensus-time";
import { parseUserId, type UserId } from "../../core/ledger/ids";
import { definitionResolver, namesToLookUp, newestFirst } from "../../core/signals/forms/recognitions";
import { isBonded } from "../../core/signals/projection";
import { definitionView, handleOf, profileView, recognitionCard } from "../../core/signals/views";
import { viewOf } from "../../engine/reads/view";
import { ProfilesAnswer } from "../../wire/recognition";
import { RecognitionAnswerWithCards } from "../../wire/recognition-card";
import { ProfilesQuery, RecognitionQuery } from "../../wire/requests";
import type { App } from "../boot/app";
import { ProblemError } from "../http/answers/problem";
import { beforeRead, uncached, viewAnswer } from "../http/answers/reply";
import { decodeCursor } from "../http/cursor";
import { defineRoute } from "../http/route";
import { decodedSignalOf, endOfPage } from "./signals";

/** Reserved for the rest of the answer and for the ends of definitions. */
const ROOM_BYTES = 2_000;

/** One page. Instances with their definitions get half of an answer's bytes, other definitions the rest. */
async function loadPage(app: App, userId: UserId, beforeNs: ConsensusNs | null) {
  const { views } = app.stores;
  const [page, catalogue] = await Promise.all([
    views.recognition(userId, beforeNs, app.env.strategies.recognition.maxSize),
    beforeNs === null ? app.offered.get() : { offered: [], isCut: false },
  ]);
  const given = page.rows.map((row) => decodedSignalOf(userId, row, "hcs-cached"));
  const isKnown = new Set([...page.own, ...catalogue.offered].map(({ definitionId }) => definitionId));
  const asked = new Set(given.flatMap(({ definitionId }) => definitionId ?? []));
  const unknown = [...asked].filter((id) => !isKnown.has(id));
  const named = await views.definitions(namesToLookUp(unknown));
  const all = [...named, ...page.own, ...catalogue.offered];
  // The newest definition of a slug counts.
  const resolve = definitionResolver(newestFirst(all));
  const instances = given.map(({ signal, definitionId }) => {
    const definition = resolve(definitionId);
    const pending = definition === null && definitionId !== null;
    return { ...signal, definition: definition && definitionView(definition), pending };
  });
  const shown = fittingPrefix(instances, MAX_ANSWER_BYTES / 2);
  const cutNs = shown.length < instances.length ? (page.rows[shown.length - 1]?.consensusNs ?? null) : null;
  const needed = given.slice(0, shown.length).flatMap(({ definitionId }) => resolve(definitionId) ?? []);
  const wanted = [...new Map([...needed, ...all].map((each) => [each.definitionId, each])).values()];
  const inBothForms = wanted.map((each) => [definitionView(each), recognitionCard(each)]);
  const listed = newestFirst(wanted.slice(0, fittingPrefix(inBothForms, MAX_ANSWER_BYTES / 2 - ROOM_BYTES).length));
  const isCut = catalogue.isCut || listed.length < wanted.length;
  return {
    position: page.position,
    content: {
      success: true,
      definitions: listed.map(definitionView),
      data: listed.map(recognitionCard),
      count: listed.length,
      source: "hcs",
      instances: shown,
      ...endOfPage(cutNs, page),
      ...(isCut ? { definitionsCappedAt: listed.length } : {}),
    },
  };
}

export const recognition = defineRoute({
  summary: "Recognition given to the caller, newest first, and recognition definitions",
  access: "user",
  limit: "read",
  heeds: ["If-Min-Sequence"],
  sends: ["view"],
  query: RecognitionQuery,
  answer: RecognitionAnswerWithCards,
  handle: (context) => {
    const { app, userId, query } = context;
    const startMs = app.clock.now();
    const beforeNs = decodeCursor(query.cursor);
    const load = () => loadPage(app, userId, beforeNs);
    const { need, began } = beforeRead(context);
    if (beforeNs !== null)
      return load().then(({ position, content }) => {
        const view = viewOf(position, content, startMs);
        return viewAnswer(context, uncached(view, app.clock.now() - startMs), startMs, began);
      });
    // Definitions are the same for all users. Their generation is part of the view's name, so everybody sees a new one at once.
    // The name also says which members the view has: shared caches hold views of the release before, without `data`.
    const name = `recognition.cards.${app.definitions.value}`;
    return andThen(app.reader.read(userId, name, load, need), (result) => {
      if (!result.ok)
        throw new ProblemError("unavailable", "Recognition cannot be read at the moment. Try again shortly.");
      return viewAnswer(context, result.value, startMs, began);
    });
  },
});

export const profiles = defineRoute({
  summary: "Profiles of the caller and of the caller's contacts; other ids are left out",
  access: "user",
  limit: "read",
  // One hundred ids of 50 characters, percent-encoded.
  maxTargetCharacters: 16_384,
  query: ProfilesQuery,
  heeds: ["If-Min-Sequence"],
  sends: ["view"],
  answer: ProfilesAnswer,
  handle: async (context) => {
    const { app, userId, query } = context;
    const startMs = app.clock.now();
    const asked = new Set(query.ids.flatMap((text) => parseUserId(text) ?? []));
    const { began } = beforeRead(context);
    const { position, edges } = await app.stores.views.peers(userId, [...asked]);
    const found = edges.filter(isBonded).map((edge) => profileView(edge.peerId, edge.profile, handleOf(edge)));
    if (asked.has(userId)) {
      const [own] = await app.stores.views.profiles([userId]);
      found.unshift(profileView(userId, own ?? null, null));
    }
    const profiles = fittingPrefix(found, MAX_ANSWER_BYTES);
    const cut = profiles.length < found.length ? { cappedAt: profiles.length } : {};
    const view = viewOf(position, { success: true, profiles, ...cut }, startMs);
    return viewAnswer(context, uncached(view, app.clock.now() - startMs), startMs, began);
  },
});
