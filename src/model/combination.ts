import { digitsOf, type Tail } from '../lib/tail.ts';

/** What is known of one detector's scores, learned on rows that it was not trained on. */
export interface Opinion {
  /** The usual (median) raw score: what is assumed before the first row. */
  readonly rest: number;
  /** Of the logarithm of the smoothed raw score. */
  readonly tail: Tail;
  /** How much say it has. */
  readonly weight: number;
}

/**
 * From the raw scores of all detectors to one number a row. Each raw score is smoothed by an exponential mean over a few
 * rows, its rareness read off its own tail, and the weighted root mean square of these -log10 p is the combined one. On
 * labelled machines smoothing first did best, and this mean as well as the arithmetic one (the geometric mean of the tail
 * probabilities); but it lets one detector that is sure outvote others that see nothing, as when one metric breaks.
 * The training uses it to calibrate and the daemon to score: it is what the combined score means.
 */
export class Combination {
  readonly #opinions: readonly Opinion[];
  readonly #share: number;
  readonly #weights: number;
  readonly #smoothed: Float64Array;
  /** -log10 p of each detector, as of the last row. */
  readonly digits: Float64Array;

  /** `rows` is the exponential mean's length. */
  constructor(opinions: readonly Opinion[], rows: number) {
    this.#opinions = opinions;
    this.#share = smoothingShare(rows);
    this.#weights = opinions.reduce((sum, { weight }) => sum + weight, 0);
    this.#smoothed = new Float64Array(opinions.length);
    this.digits = new Float64Array(opinions.length);
    this.restart();
  }

  /** Raw scores in the order of the opinions. */
  add(raw: Float64Array): number {
    let sum = 0;
    for (let index = 0; index < this.#opinions.length; index++) {
      const { tail, weight } = this.#opinions[index]!;
      const smoothed = this.#smoothed[index]! + this.#share * (raw[index]! - this.#smoothed[index]!);
      const digits = digitsOf(tail, logScore(smoothed));
      this.#smoothed[index] = smoothed;
      this.digits[index] = digits;
      sum += weight * digits * digits;
    }
    return Math.sqrt(sum / this.#weights);
  }

  /** Forgets the rows before a gap. */
  restart(): void {
    for (let index = 0; index < this.#opinions.length; index++) {
      this.#smoothed[index] = this.#opinions[index]!.rest;
    }
  }
}

/** The share of a new row in an exponential mean over `rows`. */
export const smoothingShare = (rows: number): number => 2 / (rows + 1);

/** Raw scores are squared distances with long tails: only in their logarithm is an exponential tail a fair guess. */
export function logScore(raw: number): number {
  return Math.log(Math.max(raw, 1e-9));
}
