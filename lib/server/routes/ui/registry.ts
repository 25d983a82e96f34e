import "server-only";
import { TOPIC_KINDS, type TopicId, type TopicKind } from "../../../core/ledger/ids";
import { recognitionCard } from "../../../core/signals/views";
import { CatalogAnswer, CatalogQuery, LedgerStatsAnswer, RegistryConfigAnswer } from "../../../wire/ui/reads";
import type { App } from "../../boot/app";
import { ProblemError } from "../../http/answers/problem";
import { privateJson } from "../../http/answers/reply";
import { defineRoute } from "../../http/route";
import { VERSION } from "../../observe/version";

/** The first topic of a kind that is read here. A split kind has more, and each person writes to one of them. */
const firstTopic = ({ scheduler }: App, kind: TopicKind): TopicId | undefined =>
  scheduler.topics.find(({ kinds }) => kinds.includes(kind))?.topicId;

function topicsOf(app: App): Readonly<Record<TopicKind, TopicId>> {
  const [contact, trust, recognition, profile] = (["contact", "trust", "recognition", "profile"] as const).map((kind) =>
    firstTopic(app, kind),
  );
  if (!contact || !trust || !recognition || !profile)
    throw new ProblemError("not-configured", "This server has no topics yet. Wait until it has read its registry.");
  return { contact, trust, recognition, profile };
}

/** The web UI asks on every page load and every five minutes, and the answer changes when topics do. */
const CONFIG_MS = 5_000;

export const registryConfig = defineRoute({
  summary: "Network, topics and mirror, for the web UI",
  access: "public",
  limit: "open",
  rememberMs: CONFIG_MS,
  problems: ["not-configured"],
  answer: RegistryConfigAnswer,
  handle: async ({ app }) => {
    const { contact, trust, profile, recognition } = topicsOf(app);
    const topics = { contacts: contact, trust, profile, recognition, signal: recognition, system: recognition };
    const [domain] = app.env.domains ?? [];
    const rest = domain === undefined || app.env.isDevnet ? "/api/v1" : `https://${domain}/api/v1`;
    return privateJson({
      ok: true,
      registry: { env: app.env.HEDERA_NETWORK, topics, mirror: { rest, ws: "" }, flags: {} },
      meta: { source: "registry", timestamp: new Date(app.clock.now()).toISOString(), version: VERSION },
    });
  },
});

export const registryCatalog = defineRoute({
  summary: "The recognition definitions that are offered to everybody, by edition",
  access: "user",
  limit: "read",
  query: CatalogQuery,
  answer: CatalogAnswer,
  handle: async ({ app, query }) => {
    const { offered } = await app.offered.get();
    const signals = offered.map((definition) => {
      const { id, name, icon, description, category } = recognitionCard(definition);
      return { id, name, icon, description, category };
    });
    return privateJson({ ok: true, edition: query.edition, signals });
  },
});

const STATS_MS = 1_000;
const RECENT = 20;

/** This process knows the answer anyway, so a page that polls it costs neither a statement nor a mirror request. */
export const ledgerStats = defineRoute({
  summary: "Each kind's topic and the sequence numbers of its last messages, without asking the mirror",
  access: "public",
  limit: "open",
  rememberMs: STATS_MS,
  answer: LedgerStatsAnswer,
  handle: async ({ app }) => {
    const data = Object.fromEntries(TOPIC_KINDS.map((kind) => [kind, statsOf(app, kind)]));
    return privateJson({ data });
  },
});

function statsOf(app: App, kind: TopicKind) {
  const id = firstTopic(app, kind);
  if (id === undefined) return null;
  const cursor = app.scheduler.syncs.get(id)?.cursor ?? 0;
  const count = Math.min(cursor, RECENT);
  const recent = Array.from({ length: count }, (_, i) => ({ topic_id: id, sequence_number: cursor - i }));
  return { id, info: { topic_id: id, sequence_number: cursor }, recent };
}
