/** The statements about several users at once. */
import { and, eq, gt, sql } from "drizzle-orm";
import { contactEdges, profiles, userHeads } from "../../../../../drizzle/schema";
import type { UserId } from "../../../../core/ledger/ids";
import { userIdOf } from "../../sql/references";
import { parameters, preparedQuery } from "../../sql/template";
import { FIRST_POSITION } from "./pages";

const ofUsers = parameters<{ readonly userIds: readonly UserId[] }>();
const { userId, head } = userHeads;
const IS_ASKED = sql`${userId} = ANY (${ofUsers("userIds")}::text[])`;

const { consensusNs: profileNs, handle, displayName, bio, avatar, hrl, saidNs } = profiles;

export const PROFILES = preparedQuery(ofUsers, (db) =>
  db
    .select({ userId, profileNs, handle, displayName, bio, avatar, hrl, saidNs })
    .from(userHeads)
    .innerJoin(profiles, eq(profiles.userNo, userHeads.userNo))
    .where(IS_ASKED),
);

/** Edges come in pairs that say the same, so the users' own edges name the others. */
export const PEERS_OF = preparedQuery(ofUsers, (db) =>
  db
    .select({ userId, peerId: userIdOf(contactEdges.peerNo) })
    .from(userHeads)
    .innerJoin(contactEdges, eq(contactEdges.userNo, userHeads.userNo))
    .where(IS_ASKED),
);

export const HEADS = preparedQuery(ofUsers, (db) =>
  db
    .select({ userId, head: sql`${FIRST_POSITION} + ${head}`.mapWith(Number) })
    .from(userHeads)
    .where(and(IS_ASKED, gt(head, 0))),
);
