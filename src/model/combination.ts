import { digitsOf, type Tail } from '../lib/tail.ts';

/** What is known of one detector's scores, learned on rows that it was not trained on. */
export interface Opinion {
  /** The usual (median) raw score: what is assumed before the first row. */
  readonly rest: number;
  /** Of the smoothed raw score, as `Smoother` gives it. */
  readonly tail: Tail;
  /** How much say it has. */
  readonly weight: number;
}

/** How raw scores are smoothed before anybody asks how rare they are. */
export interface Smoothing {
  /** Length of an exponential mean over each raw score, in rows. */
  readonly smoothingRows: number;
  /** A second, longer one beside it, and its weight beside the other's 1. Left out of models that earlier versions wrote, which have none. */
  readonly slowSmoothing?: { readonly rows: number; readonly weight: number };
}

/**
 * The logarithm of one detector's raw scores, smoothed over the rows: of a short exponential mean, and of a longer one that lets what lasts
 * count more than what was there for a row; together their weighted geometric mean. Raw scores are squared distances with
 * long tails: only in their logarithm is an exponential tail a fair guess.
 */
export class Smoother {
  readonly #share: number;
  readonly #slowShare: number;
  readonly #slowWeight: number;
  readonly #rest: number;
  #fast: number;
  #slow: number;

  /** `rest` is what is assumed before the first row. */
  constructor({ smoothingRows, slowSmoothing }: Smoothing, rest: number) {
    this.#share = smoothingShare(smoothingRows);
    this.#slowShare = smoothingShare(slowSmoothing?.rows ?? smoothingRows);
    this.#slowWeight = slowSmoothing?.weight ?? 0;
    this.#rest = rest;
    this.#fast = rest;
    this.#slow = rest;
  }

  /** The smoothed score, this one included. */
  add(raw: number): number {
    this.#fast += this.#share * (raw - this.#fast);
    if (this.#slowWeight === 0) return logScore(this.#fast);
    this.#slow += this.#slowShare * (raw - this.#slow);
    return (logScore(this.#fast) + this.#slowWeight * logScore(this.#slow)) / (1 + this.#slowWeight);
  }

  /** Forgets the rows before a gap. */
  restart(): void {
    this.#fast = this.#rest;
    this.#slow = this.#rest;
  }
}

/**
 * From the raw scores of all detectors to one number a row. Each raw score is smoothed, its rareness read off its own tail, and the
 * weighted mean of these -log10 p is the combined one: the geometric mean of the tail probabilities. On labelled machines smoothing
 * first did best, and this mean a little better than the root mean square, the largest or any vote. The training uses it to
 * calibrate and the daemon to score: it is what the combined score means.
 */
export class Combination {
  readonly #opinions: readonly Opinion[];
  readonly #weights: number;
  readonly #smoothers: readonly Smoother[];
  /** -log10 p of each detector, as of the last row. */
  readonly digits: Float64Array;

  constructor(opinions: readonly Opinion[], smoothing: Smoothing) {
    this.#opinions = opinions;
    this.#weights = opinions.reduce((sum, { weight }) => sum + weight, 0);
    this.#smoothers = opinions.map(({ rest }) => new Smoother(smoothing, rest));
    this.digits = new Float64Array(opinions.length);
  }

  /** Raw scores in the order of the opinions. */
  add(raw: Float64Array): number {
    let sum = 0;
    for (let index = 0; index < this.#opinions.length; index++) {
      const { tail, weight } = this.#opinions[index]!;
      const digits = digitsOf(tail, this.#smoothers[index]!.add(raw[index]!));
      this.digits[index] = digits;
      sum += weight * digits;
    }
    return sum / this.#weights;
  }

  /** Forgets the rows before a gap. */
  restart(): void {
    for (const smoother of this.#smoothers) smoother.restart();
  }
}

/** The share of a new row in an exponential mean over `rows`. */
export const smoothingShare = (rows: number): number => 2 / (rows + 1);

const logScore = (raw: number): number => Math.log(Math.max(raw, 1e-9));
