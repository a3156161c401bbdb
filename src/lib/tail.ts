import { quantile, sortFinite } from './quantile.ts';

/**
 * How rare a value is among values seen before, as digits: -log10 of the probability of one as high.
 * Inside what was seen it is read off the ranks (the knots); beyond the last knot the excess is taken as exponential,
 * which is the limit law of peaks over a threshold for light tails (Pickands 1975, with shape 0).
 */
export interface Tail {
  /** Values, ascending, and the digits of each: between them digits are interpolated. */
  readonly values: readonly number[];
  readonly digits: readonly number[];
  /** Mean excess over the last knot: that much higher is e times as rare. */
  readonly scale: number;
}

/** Shares of values above each knot. The last one is where the exponential tail begins. */
const KNOTS = [1, 0.9, 0.75, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08, 0.05, 0.03, 0.02];
/** One-sided 90 % quantile of the normal distribution. */
const NORMAL_90 = 1.2816;

/**
 * Learns a tail from values; `effective` is how many of them are independent (left out: all).
 * The fewer there are, the longer the tail is taken to be: its scale is the upper 90 % bound, never less than `minimumScale`.
 */
export function fitTail(values: Iterable<number>, minimumScale: number, effective?: number): Tail {
  const sorted = sortFinite(values);
  const knots: number[] = [];
  const digits: number[] = [];
  for (const share of KNOTS) {
    const value = quantile(sorted, 1 - share);
    // Equal values would make a step; the rarest of them counts, so that a usual value never looks rare.
    if (knots.length > 0 && value <= knots.at(-1)!) continue;
    knots.push(value);
    digits.push(-Math.log10(share));
  }
  const start = knots.at(-1) ?? 0;
  const excess = sorted.filter((value) => value > start);
  const independent = excess.length * Math.min(1, (effective ?? sorted.length) / Math.max(1, sorted.length));
  return {
    values: knots,
    digits,
    scale: upperScale(mean(excess, start), Math.max(1, independent), minimumScale),
  };
}

/** -log10 of the probability of a value as high as `value`, by a learned tail. */
export function digitsOf(tail: Tail, value: number): number {
  const { values, digits } = tail;
  const last = values.length - 1;
  if (last < 0 || !(value > values[0]!)) return 0;
  if (value >= values[last]!) return digits[last]! + (value - values[last]!) / tail.scale / Math.LN10;
  let knot = 1;
  while (values[knot]! <= value) knot++;
  const from = values[knot - 1]!;
  const part = (value - from) / (values[knot]! - from);
  return digits[knot - 1]! + (digits[knot]! - digits[knot - 1]!) * part;
}

/** The value of so many digits: the inverse of `digitsOf` from the lowest knot on. Not for a tail of no values. */
export function valueAt(tail: Tail, wanted: number): number {
  const { values, digits, scale } = tail;
  const last = values.length - 1;
  if (wanted >= digits[last]!) return values[last]! + (wanted - digits[last]!) * Math.LN10 * scale;
  const knot = Math.max(
    1,
    digits.findIndex((rarer) => rarer > wanted),
  );
  const part = Math.max(0, (wanted - digits[knot - 1]!) / (digits[knot]! - digits[knot - 1]!));
  return values[knot - 1]! + (values[knot]! - values[knot - 1]!) * part;
}

/** The upper 90 % confidence bound of an exponential's mean, estimated from `count` values. */
export function upperScale(meanExcess: number, count: number, minimum: number): number {
  return Math.max(minimum, meanExcess * (1 + NORMAL_90 / Math.sqrt(count)));
}

function mean(values: Float64Array, origin: number): number {
  let sum = 0;
  for (const value of values) sum += value - origin;
  return values.length === 0 ? 0 : sum / values.length;
}
