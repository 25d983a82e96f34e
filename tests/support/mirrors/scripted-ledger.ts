import { type ConsensusNs, consensusNs } from "@/lib/core/ledger/consensus-time";
import type { AccountId, TopicId } from "@/lib/core/ledger/ids";
import type { LedgerMessage } from "@/lib/core/ledger/message";
import { err, ok, type Result } from "@/lib/core/result";
import type {
  Ledger,
  LedgerAccount,
  LedgerError,
  LedgerHead,
  MirrorChoice,
  MirrorName,
  PageRequest,
} from "@/lib/ports/ledger/ledger";

export const MIRROR = "http://mirror.test" as MirrorName;

/** A ledger of given topics. A test's `answer` may change, shorten, repeat or refuse each page. */
export class ScriptedLedger implements Ledger {
  readonly topics = new Map<TopicId, readonly LedgerMessage[]>();
  mirrors: readonly MirrorName[] = [MIRROR];
  headNs: ConsensusNs | null = null;
  pages: PageRequest[] = [];
  answer: (request: PageRequest, page: readonly LedgerMessage[]) => Result<readonly LedgerMessage[], LedgerError> = (
    _,
    page,
  ) => ok(page);
  single: (message: LedgerMessage | undefined, choice: MirrorChoice) => LedgerMessage | undefined = (message) =>
    message;

  choose(attempt: number): MirrorName | null {
    return this.mirrors[attempt % this.mirrors.length] ?? null;
  }

  set(messages: readonly LedgerMessage[]): void {
    const [first] = messages;
    if (first) this.topics.set(first.topicId, messages);
  }

  async page(request: PageRequest): Promise<Result<readonly LedgerMessage[], LedgerError>> {
    this.pages.push(request);
    const all = this.topics.get(request.topicId) ?? [];
    const upTo = request.upTo ?? Number.POSITIVE_INFINITY;
    const page = all.filter(({ sequence }) => sequence > request.after && sequence <= upTo).slice(0, request.limit);
    return this.answer(request, page);
  }

  async message(
    topicId: TopicId,
    sequence: number,
    choice: MirrorChoice = {},
  ): Promise<Result<LedgerMessage, LedgerError>> {
    const message = this.single(
      this.topics.get(topicId)?.find((each) => each.sequence === sequence),
      choice,
    );
    return message ? ok(message) : err({ code: "not-found", message: "the mirror has no such message" });
  }

  async account(_accountId: AccountId): Promise<Result<LedgerAccount, LedgerError>> {
    return err({ code: "not-found", message: "the mirror has no such account" });
  }

  async accountAt(): Promise<Result<LedgerAccount, LedgerError>> {
    return err({ code: "not-found", message: "the mirror has no such account" });
  }

  async head({ mirror = MIRROR }: MirrorChoice = {}): Promise<Result<LedgerHead, LedgerError>> {
    if (this.headNs !== null) return ok({ mirror, throughNs: this.headNs });
    let latest = consensusNs(0n);
    for (const messages of this.topics.values()) {
      const ns = messages.at(-1)?.consensusNs ?? latest;
      if (ns > latest) latest = ns;
    }
    return ok({ mirror, throughNs: latest });
  }
}
