import "server-only";
import { toMs } from "../../../core/ledger/consensus-time";
import { parseSequence, parseTopicId, type UserId } from "../../../core/ledger/ids";
import { decodeSignals } from "../../../core/signals/envelope";
import { isBonded, type Profile, profileOf } from "../../../core/signals/projection";
import { signalTime } from "../../../core/signals/signal-batch";
import { countedPart } from "../../../core/signals/signed";
import { ProfileAtAnswer, ProfileAtQuery, ProfileStatusAnswer, ProfileStatusQuery } from "../../../wire/ui/reads";
import type { App } from "../../boot/app";
import { ProblemError } from "../../http/answers/problem";
import { privateJson } from "../../http/answers/reply";
import { defineRoute } from "../../http/route";
import { unlessDropped } from "../unless-dropped";

/** The web UI reads only texts, so a missing member is an empty text. */
const profileView = ({ userId, displayName, handle, bio, avatar, consensusNs }: Profile) => ({
  accountId: userId,
  displayName: displayName ?? handle ?? "",
  bio: bio ?? "",
  avatar: avatar ?? "",
  timestamp: toMs(consensusNs),
});

export const profileStatus = defineRoute({
  summary: "The caller's profile, and whether it has a name or a bio",
  access: "user",
  limit: "read",
  query: ProfileStatusQuery,
  answer: ProfileStatusAnswer,
  handle: async ({ app, userId }) => {
    const [found] = await app.stores.views.profiles([userId]);
    const profile = found === undefined ? null : profileView(found);
    const hasCompletedOnboarding = profile !== null && profile.displayName + profile.bio !== "";
    return privateJson({ accountId: userId, hasCompletedOnboarding, profile, source: "hcs" });
  },
});

export const profileAt = defineRoute({
  summary: "The profile in one message of the caller or of a contact",
  access: "user",
  limit: "proof",
  query: ProfileAtQuery,
  problems: ["not-found", "dropped"],
  answer: ProfileAtAnswer,
  handle: async ({ app, userId, query }) => {
    const profile = await publishedAt(app, userId, query.hrl);
    // A missing message and somebody else's get the same answer, so nobody learns which messages exist.
    if (profile === null)
      throw new ProblemError("not-found", "There is no profile of yours or of a contact at this place.");
    return privateJson({ ok: true, profile: profileView(profile), hrl: query.hrl, source: "hcs" });
  },
});

async function publishedAt(app: App, userId: UserId, hrl: string): Promise<Profile | null> {
  const [topic = "", number = "", at = "0"] = hrl.replace(/^hcs:\/\/(11\/)?/, "").split("/");
  const topicId = parseTopicId(topic);
  const sequence = parseSequence(number);
  if (topicId === null || sequence === null) return null;
  const { stores } = app;
  const [entry] = await stores.sync.log(topicId, sequence, sequence);
  if (entry === undefined) await unlessDropped(app, topicId, sequence);
  if (entry?.disposition !== "signal") return null;
  const decoded = decodeSignals(entry.body ?? entry.message);
  const place = Number(at);
  const signal = decoded.ok ? decoded.value[place] : undefined;
  if (signal === undefined) return null;
  const consensusNs = signalTime(entry.consensusNs, place);
  const profile = profileOf({ decoded: countedPart(signal, entry.signature), topicId, sequence, consensusNs });
  if (profile === null || profile.userId === userId) return profile;
  const { edges } = await stores.views.peers(userId, [profile.userId]);
  return edges.some(isBonded) ? profile : null;
}
