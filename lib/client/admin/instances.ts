/** Instances in words that their operator knows. Pure. */
import type { InstanceStatus } from "@/lib/wire/operators/admin";

type Named = Pick<InstanceStatus, "instanceId" | "place">;

/** Characters of an id that tell instances apart. */
const ID_CHARACTERS = 8;

const shortId = ({ instanceId }: Named): string => instanceId.slice(0, ID_CHARACTERS);

/** `web-1:3000`; with the region and a piece of the id where the platform gives machines no name: `iad1 function 4f21c0de`. */
export function instanceName(instance: Named): string {
  const { place } = instance;
  if (place === null) return shortId(instance);
  const isUnique = place.host.includes(":");
  return [place.region, place.host, isUnique ? null : shortId(instance)].filter((part) => part !== null).join(" ");
}

/** `deployment dpl_8f2k, version 0.1.0, id 4f21c0de` */
export const instanceDetails = (instance: Named & Pick<InstanceStatus, "version">): string =>
  [
    ...(instance.place?.deployment ? [`deployment ${instance.place.deployment}`] : []),
    `version ${instance.version}`,
    `id ${shortId(instance)}`,
  ].join(", ");

/** A busy instance reports every ten seconds. One that is silent for longer has no traffic, or was killed. */
const IDLE_MS = 25_000;
/** Whether an instance has not reported for so long that it most likely rests. An idle instance does not report. */
export const isIdle = ({ reportedMs }: Pick<InstanceStatus, "reportedMs">, nowMs: number): boolean =>
  nowMs - reportedMs > IDLE_MS;
