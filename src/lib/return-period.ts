import { type Excess, type ExcessPrior, excursions, fitExcess, heightOf, rareness } from './excess.ts';
import { quantile, sortFinite } from './quantile.ts';

/**
 * How often excursions of a signal reach a level: peaks over a threshold. Neighbouring peaks are one excursion
 * (runs declustering), so that a long one counts once; their number a second and their heights over the threshold
 * give the time between excursions that reach any higher level.
 */
export interface ReturnPeriods extends Excess {
  readonly threshold: number;
  /** Excursions over `threshold` a second. */
  readonly rate: number;
  /** Nothing is called rarer than once in so many seconds: a tail tells little about what lies far beyond it. */
  readonly longest: number;
}

/** Shares of samples over a threshold. The rarest that still leaves enough excursions to learn from is taken. */
const SHARES = [0.001, 0.003, 0.01, 0.03];
const ENOUGH = 25;
/** Of the Poisson rate (Jeffreys): what was not seen at all may yet come. */
const PRIOR_EXCURSIONS = 0.5;

/**
 * Learns from a signal sampled each `stepSeconds`. Excursions less than `apart` samples from each other are one.
 * What comes out is the expected number of excursions given what was seen: fewer make longer tails and leave more to `prior`,
 * so that a short look never calls usual things rare.
 */
export function fitReturnPeriods(
  signal: Float32Array | Float64Array,
  stepSeconds: number,
  apart: number,
  prior: ExcessPrior,
  longest: number,
): ReturnPeriods {
  const { threshold, peaks } = tailOf(signal, sortFinite(signal), apart);
  const heights = peaks.map((peak) => peak - threshold);
  return {
    threshold,
    rate: (peaks.length + PRIOR_EXCURSIONS) / Math.max(stepSeconds, signal.length * stepSeconds),
    ...fitExcess(heights, prior),
    longest,
  };
}

/** A lower threshold joins excursions that have nothing to do with each other: where none leaves enough, the most will do. */
function tailOf(
  signal: Float32Array | Float64Array,
  sorted: Float64Array,
  apart: number,
): { threshold: number; peaks: readonly number[] } {
  let best: { threshold: number; peaks: readonly number[] } = { threshold: Number.NaN, peaks: [] };
  for (const share of SHARES) {
    const threshold = quantile(sorted, 1 - share);
    const peaks = excursions(signal, threshold, apart);
    if (Number.isNaN(best.threshold) || peaks.length > best.peaks.length) best = { threshold, peaks };
    if (peaks.length >= ENOUGH) break;
  }
  return best;
}

/**
 * Seconds between excursions that reach `level`, up to `longest`. Below the threshold the tail is continued inwards: what is
 * usual must come out as common, however rarely the threshold itself is reached, or nothing that began would ever end.
 */
export function returnPeriod(periods: ReturnPeriods, level: number): number {
  return Math.min(periods.longest, Math.exp(rareness(periods, level - periods.threshold)) / periods.rate);
}

/** The level that excursions reach once in `seconds`. */
export function levelOf(periods: ReturnPeriods, seconds: number): number {
  return periods.threshold + heightOf(periods, Math.log(seconds * periods.rate));
}
