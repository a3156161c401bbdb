/** Slow beside the mean that the high-pass takes off: of its 45 minutes it makes a day, of its 45 rows 1440. */
const SLOWER = 32;
/** Strangeness as the detectors measure it is about 1 for what is usual; one row counts for at most three times that. */
const LIMIT = 3;
/** After rows that are missing, the next one does not stand for all of that time. */
const LONGEST_SHARE = 1 / 100;

/**
 * How strange each metric has been lately, beside what it was in training: a causal exponential mean. A metric that has been restless for
 * days counts for less, and those that are as ever are heard again; it never falls below a third of its say, so that no fault that lasts is
 * forgotten. What is quieter than in training counts as before.
 */
export class Restlessness {
  readonly #means: Float64Array;
  readonly #halfLifeMs: number;
  #lastAt = Number.NaN;

  /** `slowMeanMs` is the half-life of the high-pass whose residuals are shown. */
  constructor(columns: number, slowMeanMs: number) {
    this.#means = new Float64Array(columns).fill(1);
    this.#halfLifeMs = SLOWER * slowMeanMs;
  }

  /** Divides the strangeness of each metric, as of the row at `at`, by what it was up to the row before, if that was more than usual. */
  temper(parts: Float32Array, at: number): void {
    const means = this.#means;
    const elapsed = Math.min(Math.max(0, at - this.#lastAt) || 0, LONGEST_SHARE * this.#halfLifeMs);
    this.#lastAt = at;
    const share = 1 - 2 ** (-elapsed / this.#halfLifeMs);
    for (let column = 0; column < parts.length; column++) {
      const part = parts[column]!;
      const mean = means[column]!;
      means[column] = mean + share * (Math.min(LIMIT, part) - mean);
      if (mean > 1) parts[column] = part / mean;
    }
  }
}
