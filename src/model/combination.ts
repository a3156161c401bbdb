import { digitsOf, type Tail } from '../lib/tail.ts';

/**
 * From the raw scores of all detectors to one number a row: the mean of their -log10 p (the geometric mean of their
 * tail probabilities; it was found better than the highest), then an exponential mean over a few rows.
 * The training uses it to calibrate and the daemon to score: it is what the combined score means.
 */
export class Combination {
  readonly #tails: readonly Tail[];
  readonly #weight: number;
  readonly #rest: number;
  #smoothed: number;
  /** -log10 p of each detector for the last row. */
  readonly digits: Float64Array;

  /** `rows` is the exponential mean's length; `rest` is where it starts: the usual value. */
  constructor(tails: readonly Tail[], rows: number, rest: number) {
    this.#tails = tails;
    this.#weight = 2 / (rows + 1);
    this.#rest = rest;
    this.#smoothed = rest;
    this.digits = new Float64Array(tails.length);
  }

  /** Raw scores in the order of the tails, in their logarithms: see `logScore`. */
  add(raw: Float64Array): number {
    let sum = 0;
    for (let index = 0; index < this.#tails.length; index++) {
      const digits = digitsOf(this.#tails[index]!, logScore(raw[index]!));
      this.digits[index] = digits;
      sum += digits;
    }
    this.#smoothed += this.#weight * (sum / this.#tails.length - this.#smoothed);
    return this.#smoothed;
  }

  /** Forgets the rows before a gap. */
  restart(): void {
    this.#smoothed = this.#rest;
  }
}

/** Raw scores are squared distances with long tails: only in their logarithm is an exponential tail a fair guess. */
export function logScore(raw: number): number {
  return Math.log(Math.max(raw, 1e-9));
}
