/** Shows progress: on a terminal as one line with a bar, elsewhere as a plain line now and then. */

const BAR = 24;
const PLAIN_EVERY_MS = 5_000;

export class Progress {
  private shownMs = 0;
  private phase = "";
  private isOpen = false;

  constructor(
    private readonly out: { readonly isTTY?: boolean; write(text: string): unknown },
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** `share` is between 0 and 1. */
  show(phase: string, share: number, text: string): void {
    const percent = `${Math.min(100, Math.floor(share * 100))} %`;
    if (this.out.isTTY) {
      const full = Math.min(BAR, Math.round(share * BAR));
      this.out.write(
        `\r\u001b[K${phase} [${"#".repeat(full)}${"-".repeat(BAR - full)}] ${percent.padStart(5)}  ${text}`,
      );
      this.isOpen = true;
      return;
    }
    if (this.phase === phase && this.nowMs() - this.shownMs < PLAIN_EVERY_MS && share < 1) return;
    [this.phase, this.shownMs] = [phase, this.nowMs()];
    this.out.write(`${phase} ${percent}: ${text}\n`);
  }

  /** Starts a new line for the next text. */
  end(): void {
    if (this.isOpen) this.out.write("\n");
    this.isOpen = false;
  }
}
