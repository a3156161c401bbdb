import { quantile, sortFinite } from './quantile.ts';
import { upperScale } from './tail.ts';

/**
 * How often excursions of a signal reach a level: peaks over a threshold. Neighbouring peaks are one excursion
 * (runs declustering), so that a long one counts once; their number a second and their mean height over the threshold
 * give the time between excursions that reach any higher level (exponential tail, as in `tail.ts`).
 */
export interface ReturnPeriods {
  readonly threshold: number;
  /** Excursions over `threshold` a second. */
  readonly rate: number;
  /** An excursion that much higher is e times as rare. */
  readonly scale: number;
  /** Nothing is called rarer than once in so many seconds: a tail tells little about what lies far beyond it. */
  readonly longest: number;
}

/** What is assumed of the scale before anything was seen, and how many excursions that assumption is worth. */
export interface ScalePrior {
  readonly scale: number;
  readonly count: number;
}

/** Shares of samples over a threshold. The rarest that still leaves enough excursions to learn from is taken. */
const SHARES = [0.001, 0.003, 0.01, 0.03];
const ENOUGH = 25;

/**
 * Learns from a signal sampled each `stepSeconds`. Excursions less than `apart` samples from each other are one.
 * Fewer excursions make longer tails and a higher rate, and leave more to `prior` (its count is above 0): a short look
 * never calls usual things rare.
 */
export function fitReturnPeriods(
  signal: Float32Array | Float64Array,
  stepSeconds: number,
  apart: number,
  prior: ScalePrior,
  longest: number,
): ReturnPeriods {
  const sorted = sortFinite(signal);
  const { threshold, peaks } = tailOf(signal, sorted, apart);
  let excess = 0;
  for (const peak of peaks) excess += peak - threshold;
  const count = Math.max(1, peaks.length);
  const seen = upperScale(excess / count, count, 0);
  return {
    threshold,
    rate: (count + Math.sqrt(count)) / Math.max(stepSeconds, signal.length * stepSeconds),
    scale: (seen * count + prior.scale * prior.count) / (count + prior.count),
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
export function returnPeriod({ threshold, rate, scale, longest }: ReturnPeriods, level: number): number {
  return Math.min(longest, Math.exp((level - threshold) / scale) / rate);
}

/** The level that excursions reach once in `seconds`. */
export function levelOf(periods: ReturnPeriods, seconds: number): number {
  return periods.threshold + Math.log(seconds * periods.rate) * periods.scale;
}

/** The highest value of each run over `threshold`; runs less than `apart` samples from each other are one. */
export function excursions(
  signal: Float32Array | Float64Array,
  threshold: number,
  apart: number,
): readonly number[] {
  const peaks: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < signal.length; index++) {
    const value = signal[index]!;
    if (!(value > threshold)) continue;
    if (index - last <= apart) peaks[peaks.length - 1] = Math.max(peaks.at(-1)!, value);
    else peaks.push(value);
    last = index;
  }
  return peaks;
}
