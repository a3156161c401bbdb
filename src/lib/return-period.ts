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
}

/** Shares of samples over a threshold. The rarest that still leaves enough excursions to learn from is taken. */
const SHARES = [0.001, 0.003, 0.01, 0.03];
const ENOUGH = 25;

/**
 * Learns from a signal sampled each `stepSeconds`. Excursions less than `apart` samples from each other are one.
 * Fewer excursions make longer tails and a higher rate, so that a short look never calls usual things rare.
 */
export function fitReturnPeriods(
  signal: Float32Array | Float64Array,
  stepSeconds: number,
  apart: number,
  minimumScale: number,
): ReturnPeriods {
  const sorted = sortFinite(signal);
  const { threshold, peaks } = tailOf(signal, sorted, apart);
  let excess = 0;
  for (const peak of peaks) excess += peak - threshold;
  const count = Math.max(1, peaks.length);
  return {
    threshold,
    rate: (count + Math.sqrt(count)) / Math.max(stepSeconds, signal.length * stepSeconds),
    scale: upperScale(excess / count, count, minimumScale),
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

/** Seconds between excursions that reach `level`; never less than the time between those over the threshold. */
export function returnPeriod(periods: ReturnPeriods, level: number): number {
  return Math.exp(Math.max(0, level - periods.threshold) / periods.scale) / periods.rate;
}

/** The level that excursions reach once in `seconds`. */
export function levelOf(periods: ReturnPeriods, seconds: number): number {
  return periods.threshold + Math.max(0, Math.log(seconds * periods.rate)) * periods.scale;
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
