/** The write guard of all instances, on Redis' own clock. */
import type { TopicId, UserId } from "../../core/ledger/ids";
import {
  type Began,
  IN_FLIGHT_MS,
  type MessageClaim,
  type MessageEnd,
  type NonceClaim,
  type RequestClaim,
  type RequestEnd,
  type WriteGuard,
} from "../../ports/shared/write-guard";
import { TierUnavailable } from "../../ports/tier-unavailable";
import { attemptOf } from "./attempt";
import type { Commands } from "./client/client";
import type { Keys } from "./client/keys";
import { History } from "./history";
import { BEGIN, END } from "./write-scripts";

/**
 * A signed request is accepted within 10 minutes of its time, so a day of nonces is far beyond that, whatever the clocks say. A
 * message that was not read back after a day is no longer waited for.
 */
const KEEP_MS = 86_400_000;

export class RedisWriteGuard implements WriteGuard {
  constructor(
    private readonly commands: Commands,
    private readonly keys: Keys,
    /** The event bus's history. Without a bus the guard has its own. */
    private readonly history = new History(keys.partitions),
  ) {}

  async begin(userId: UserId, request: RequestClaim | null, message: MessageClaim | null): Promise<Began> {
    const { limit = null, attempt = null } = request ?? {};
    const answer = await this.commands.eval(
      "begin",
      BEGIN,
      [
        this.keys.budget(limit?.bucket ?? "", userId),
        this.keys.attempt(attempt?.key ?? "", userId),
        ...(message === null ? [] : this.keysOf(userId, message)),
      ],
      [
        ...(limit === null ? [0, 0] : [1_000_000 / limit.policy.perSecond, limit.policy.burst]),
        ...[attempt?.digest ?? "", attempt?.ttlMs ?? 0],
        ...(message === null ? [] : this.argsOf(userId, message)),
      ],
    );
    const [kind, ...rest] = Array.isArray(answer) ? (answer as unknown[]) : [];
    switch (kind) {
      case "begun":
        // If Redis has lost events, somebody must start over. Until then each claim finds a memory of nonces that has just begun and proves
        // nothing.
        if (message !== null) this.history.observe(rest[3], rest[4], null, this.keys.partitionOf(userId));
        return { kind, nonce: message === null ? null : nonceIn(rest) };
      case "limited":
      case "outdated":
        return { kind };
      case "used":
        return { kind, last: Number(rest[0]) };
      case "attempt":
        return attemptOf(String(rest[0]), attempt?.digest ?? "");
      case "elsewhere": {
        const [topicId, sequence, inFlight] = rest as [TopicId, string, number];
        return { kind, last: { topicId, sequence: Number(sequence) }, isBusy: Number(inFlight) > 0 };
      }
      default:
        throw new TierUnavailable("redis", "Redis: the script that begins a write gave an unknown answer");
    }
  }

  async end(userId: UserId, request: RequestEnd | null, message: MessageEnd | null): Promise<void> {
    const { keys } = this;
    const of = (each: MessageEnd) => [
      ...[keys.nonce(userId), keys.nonceDigest(userId), keys.nonceClaim(userId), keys.lastWrite(userId, each.kind)],
    ];
    await this.commands.eval(
      "end",
      END,
      [keys.attempt(request?.key ?? "", userId), ...(message === null ? [] : of(message))],
      [
        ...(request === null
          ? ["", 0, "", 0]
          : [request.digest, request.answer === null ? 0 : 1, request.answer ?? "", request.ttlMs]),
        ...(message === null
          ? []
          : [
              ...[message.topicId, message.sequence ?? 0, digitsOf(message.nonce)],
              ...[message.claimId, message.isUnsent ? 1 : 0, KEEP_MS],
            ]),
      ],
    );
  }

  private keysOf(userId: UserId, { kind }: MessageClaim): readonly string[] {
    const { keys } = this;
    const { sequence, history } = keys.in(keys.partitionOf(userId));
    return [
      ...[sequence, history, keys.nonce(userId), keys.nonceDigest(userId), keys.nonceClaim(userId)],
      keys.lastWrite(userId, kind),
    ];
  }

  private argsOf(userId: UserId, message: MessageClaim) {
    const { nonce, digest, isRepeatable, claimId, route, after, batchedUntilS } = message;
    return [
      ...[digitsOf(nonce), digest, isRepeatable ? 1 : 0, claimId],
      ...[route.topicId, route.registryVersion, route.userVersion],
      ...[after?.topicId ?? "", after?.sequence ?? 0, IN_FLIGHT_MS, KEEP_MS],
      ...this.history.argsIn(this.keys.partitionOf(userId)),
      batchedUntilS ?? 0,
    ];
  }
}

function nonceIn([kind, memoryMs, batchedUntilS]: readonly unknown[]): NonceClaim {
  if (kind !== "next" && kind !== "unknown" && kind !== "same" && kind !== "older")
    throw new TierUnavailable("redis", "Redis: the script that begins a write returned no nonce");
  return { kind, memoryMs: Number(memoryMs), batchedUntilS: Number(batchedUntilS) || null };
}

/** A nonce as plain decimals, which the script compares part by part. Throws RangeError for what is no nonce. */
function digitsOf(nonce: number): string {
  if (!(nonce >= 0 && nonce <= Number.MAX_SAFE_INTEGER)) throw new RangeError("a nonce is a number from 0 to 2^53 - 1");
  // `String` would write small fractions with an exponent. Twenty decimals keep all of them that are at least 1e-20.
  return Number.isInteger(nonce) ? String(nonce) : nonce.toFixed(20).replace(/0+$/, "");
}
