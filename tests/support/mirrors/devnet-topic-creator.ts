import type { TopicId } from "@/lib/core/ledger/ids";
import { err, ok, type Result } from "@/lib/core/result";
import type { Devnet } from "@/lib/devnet/devnet";
import type { TopicCreateError, TopicCreator } from "@/lib/ports/ledger/topic-creator";

/**
 * Creates topics straight on an in-process devnet, one for each attempt. The way through the SDK has its own tests in
 * sdk-submitter.test.ts.
 */
export class DevnetTopicCreator implements TopicCreator {
  readonly created = new Map<string, TopicId>();
  readonly memos: string[] = [];
  /** If set, the next creation answers this error. */
  failWith: TopicCreateError | null = null;
  private attempts = 0;

  constructor(private readonly devnet: Devnet) {}

  async newAttempt(): Promise<string> {
    this.attempts += 1;
    return `${this.devnet.operatorId}@${this.attempts}`;
  }

  async createTopic(attempt: string, memo: string): Promise<Result<TopicId, TopicCreateError>> {
    const failure = this.failWith;
    this.failWith = null;
    if (failure) return err(failure);
    const topicId = this.created.get(attempt) ?? this.devnet.createTopic({ memo });
    if (!this.created.has(attempt)) this.memos.push(memo);
    this.created.set(attempt, topicId);
    return ok(topicId);
  }
}
