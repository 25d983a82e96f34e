/** The one message of the devnet process to its parent: it is ready, or has failed. */
import { z } from "zod";
import type { DevnetAddresses } from "./devnet";

const ready = z.object({
  type: z.literal("ready"),
  restUrl: z.string(),
  nodeAddress: z.string(),
  mirrorGrpcAddress: z.string(),
  ledgerId: z.string(),
  operatorId: z.string(),
  operatorKey: z.string(),
  topics: z.object({ contact: z.string(), trust: z.string(), recognition: z.string(), profile: z.string() }),
  people: z.array(z.object({ userId: z.string(), name: z.string() })),
});
const failed = z.object({ type: z.literal("failed"), message: z.string() });
const announcement = z.discriminatedUnion("type", [ready, failed]);

export type Announcement = ({ readonly type: "ready" } & DevnetAddresses) | z.infer<typeof failed>;

/** The announcement in a message from the process; null if it is something else. */
export function readAnnouncement(message: unknown): Announcement | null {
  const parsed = announcement.safeParse(message);
  return parsed.success ? (parsed.data as Announcement) : null;
}
