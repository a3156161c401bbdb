import { type ExcessPrior, excursions, fitExcess } from './excess.ts';
import { quantile, sortFinite } from './quantile.ts';

/**
 * How rare a value is among values seen before, as digits: -log10 of the probability of one as high.
 * Inside what was seen it is read off the ranks (the knots); beyond the last knot the height of excursions is taken as exponential,
 * which is the limit law of peaks over a threshold for light tails (Pickands 1975, with shape 0).
 */
export interface Tail {
  /** Values, ascending, and the digits of each: between them digits are interpolated. */
  readonly values: readonly number[];
  readonly digits: readonly number[];
  /** Mean height over the last knot: that much higher is e times as rare. */
  readonly scale: number;
}

/** Shares of values above each knot. The last one is where the exponential tail begins. */
const KNOTS = [1, 0.9, 0.75, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08, 0.05, 0.03, 0.02];
/**
 * Learns a tail from values in the order of time. Neighbours repeat each other, so blocks of `blockLength` of them are what is ranked: a new
 * value is as high as x with a probability of at most (1 + the sum over the blocks of the share of their values above x) / (blocks + 1),
 * whatever the values are, if the next block could have been any of them. It is never below 1 / (blocks + 1). (Conformal prediction for
 * groups: Lee, Barber and Willett, "Distribution-free inference with hierarchical data", 2023; for blocks of time: Chernozhukov, Wuthrich
 * and Zhu, "Exact and robust conformal inference methods for predictive machine learning with dependent data", 2018.)
 * Beyond the ranks comes the tail of excursions, those closer than a block counted once; its scale is never less than `prior.scale`.
 * How little was seen is not made up for here: whoever asks how rare something is (`return-period.ts`) does it, once.
 */
export function fitTail(values: Float64Array, blockLength: number, prior: ExcessPrior): Tail {
  const sorted = sortFinite(values);
  const blocks = Math.max(1, Math.floor(sorted.length / blockLength));
  const knots: number[] = [];
  const digits: number[] = [];
  for (const share of KNOTS) {
    const value = quantile(sorted, 1 - share);
    // Equal values would make a step; the rarest of them counts, so that a usual value never looks rare.
    if (knots.length > 0 && value <= knots.at(-1)!) continue;
    knots.push(value);
    digits.push(-Math.log10((1 + blocks * share) / (blocks + 1)));
  }
  const start = knots.at(-1) ?? 0;
  const heights = excursions(values, start, blockLength).map((peak) => peak - start);
  return { values: knots, digits, scale: Math.max(prior.scale, fitExcess(heights, prior).scale) };
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
