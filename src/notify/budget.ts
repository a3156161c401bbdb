const HOUR_MS = 3_600_000;

/** At most so many messages within any hour. Times are monotonic, ms. */
export class Budget {
  readonly #perHour: number;
  #sent: number[];

  /** `sent`: of the hour before, the oldest first. */
  constructor(perHour: number, sent: readonly number[]) {
    this.#perHour = perHour;
    this.#sent = sent.slice(-Math.min(perHour, 1000));
  }

  spend(now: number): void {
    this.#sent = [...this.#sent.filter((at) => now - at < HOUR_MS), now];
  }

  /** When the next message may go: `now`, or later. */
  freeAt(now: number): number {
    const within = this.#sent.filter((at) => now - at < HOUR_MS);
    return within.length < this.#perHour ? now : within[within.length - this.#perHour]! + HOUR_MS;
  }
}
