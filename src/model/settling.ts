/** So long after a start, or after a gap, rows show the start itself: caches are cold, programs load. ms. */
const SETTLE_MS = 15_000;
/** The slowest interval of collection is 10 s: what is further apart is a gap. ms. */
export const LONGEST_STEP_MS = 15_000;

/** Tells the rows of a start from those of the machine as it is; learning and scoring leave the former out alike. */
export class Settling {
  #lastAt: number | undefined;
  #settledAt = Number.NEGATIVE_INFINITY;

  /** Rows in the order of time, wall clock in ms; true where the row still belongs to a start. */
  observe(at: number): boolean {
    const step = this.#lastAt === undefined ? Number.POSITIVE_INFINITY : at - this.#lastAt;
    this.#lastAt = at;
    if (step < 0 || step > LONGEST_STEP_MS) this.#settledAt = at + SETTLE_MS;
    return at < this.#settledAt;
  }
}
