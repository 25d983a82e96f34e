import "server-only";
import { parseUserId, type UserId } from "../../core/ids";
import { isBonded } from "../../core/projection";
import { definitionView, handleOf, profileView } from "../../core/views";
import { viewOf } from "../../engine/tiered-read";
import { ProfilesAnswer, ProfilesQuery, RecognitionAnswer } from "../../wire/recognition";
import { ProblemError } from "../problem";
import { beforeRead, uncached, viewResponse } from "../reply";
import { defineRoute } from "../route";
import { decodedSignalOf } from "./signals";

export const recognition = defineRoute({
  summary: "Recognition definitions, and what the caller was given",
  access: "user",
  limit: "read",
  heeds: ["If-Min-Sequence"],
  sends: ["view"],
  answer: RecognitionAnswer,
  handle: async (context) => {
    const { app, userId } = context;
    const startMs = app.clock.now();
    const need = await beforeRead(context);
    const load = async () => {
      const rows = await app.stores.views.recognition(userId, app.env.strategies.recognition.maxSize);
      const byId = new Map(rows.definitions.map((definition) => [definition.definitionId, definition]));
      for (const definition of rows.definitions) {
        if (definition.slug !== null && !byId.has(definition.slug)) byId.set(definition.slug, definition);
      }
      const instances = rows.instances.map((row) => {
        const { signal, definitionId } = decodedSignalOf(userId, row, "hcs-cached");
        const definition = byId.get(definitionId ?? "");
        return {
          ...signal,
          definition: definition ? definitionView(definition) : null,
          pending: definition === undefined,
        };
      });
      return {
        position: rows.position,
        content: { success: true, definitions: rows.definitions.map(definitionView), instances },
      };
    };
    // Definitions are global: their generation is part of the name, so a new one is seen by everybody at once.
    const result = await app.reader.read(userId, `recognition.${app.definitions.value}`, load, need);
    if (!result.ok)
      throw new ProblemError("unavailable", "Recognition cannot be read at the moment. Try again shortly.");
    return viewResponse(context, result.value, startMs);
  },
});

export const profiles = defineRoute({
  summary: "Profiles of the caller and of the caller's contacts; other ids are left out",
  access: "user",
  limit: "read",
  // A hundred ids of 50 characters, percent-encoded.
  maxTargetCharacters: 16_384,
  query: ProfilesQuery,
  heeds: ["If-Min-Sequence"],
  sends: ["view"],
  answer: ProfilesAnswer,
  handle: async (context) => {
    const { app, userId, query } = context;
    const startMs = app.clock.now();
    const asked = new Set<UserId>();
    for (const text of query.ids) {
      const id = parseUserId(text);
      if (id === null)
        throw new ProblemError("bad-input", "ids: ids of 1 to 50 characters without spaces, separated by commas.", {
          field: "ids",
        });
      asked.add(id);
    }
    await beforeRead(context);
    // Contacts come with their profiles, so one statement answers for all of them.
    const { position, edges } = await app.stores.views.contacts(userId);
    const found = edges
      .filter((edge) => isBonded(edge) && asked.has(edge.peerId))
      .map((edge) => profileView(edge.peerId, edge.profile, handleOf(edge)));
    if (asked.has(userId)) {
      const [own] = await app.stores.views.profiles([userId]);
      found.unshift(profileView(userId, own ?? null, null));
    }
    const view = viewOf(position, { success: true, profiles: found }, startMs);
    return viewResponse(context, uncached(view, app.clock.now() - startMs), startMs);
  },
});
