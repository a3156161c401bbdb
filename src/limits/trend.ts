/** A robust line through what is left at the bottom of a series, and how sure its slope is. All slopes are a bucket. */
export interface Trend {
  readonly slope: number;
  /** What the slope is between, with those of the window's halves. */
  readonly low: number;
  readonly high: number;
  /** The line at the end of the window. */
  readonly end: number;
  /** Slope of the later half, and by that of the earlier one: below 1 the growth slows down. NaN where the earlier one does not grow. */
  readonly late: number;
  readonly steadiness: number;
  /** The least that a quarter of the window brought of what it would bring on the line; little where all came in one go. */
  readonly evenness: number;
}

/** 95 % of a normal distribution lie within so many standard deviations. */
const Z = 1.96;

/**
 * The median of the slopes between all pairs (Theil 1950) with Sen's interval (1968), from the variance of Kendall's S; up to 29 % of the
 * points may be anything. Neighbours depend on each other, which that interval does not know: it is widened by the slopes of both halves.
 * `values` in the order of time, NaN where there is none. Undefined for fewer than eight.
 */
export function robustTrend(values: Float64Array): Trend | undefined {
  const slopes = pairSlopes(values, 0, values.length);
  const points = values.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
  if (points < 8) return undefined;
  const middle = values.length >> 1;
  const early = medianOf(pairSlopes(values, 0, middle));
  const late = medianOf(pairSlopes(values, middle, values.length));
  const slope = medianOf(slopes);
  const spread = Z * Math.sqrt((points * (points - 1) * (2 * points + 5)) / 18);
  const below = slopes[Math.max(0, Math.floor((slopes.length - spread) / 2))]!;
  const above = slopes[Math.min(slopes.length - 1, Math.ceil((slopes.length + spread) / 2))]!;
  return {
    slope,
    low: Math.min(below, early, late),
    high: Math.max(above, early, late),
    end: endOf(values, slope),
    late,
    steadiness: early > 0 ? late / early : Number.NaN,
    evenness: evenness(values, slope),
  };
}

/** The median of each quarter; NaN where one has no value. */
export function quarterMedians(values: Float64Array): readonly number[] {
  const length = values.length >> 2;
  return [0, 1, 2, 3].map((quarter) => {
    const part = values.slice(quarter * length, (quarter + 1) * length);
    return medianOf(part.filter((value) => !Number.isNaN(value)).sort());
  });
}

/** From the median of each quarter to the next, and the slope within the last one, by the slope of all. */
function evenness(values: Float64Array, slope: number): number {
  const length = values.length >> 2;
  const medians = quarterMedians(values);
  const last = medianOf(pairSlopes(values, values.length - length, values.length));
  const steps = medians.slice(1).map((median, place) => (median - medians[place]!) / length);
  return Math.min(...steps, last) / slope;
}

/** Slopes between all pairs of points, ascending. */
function pairSlopes(values: Float64Array, from: number, to: number): Float64Array {
  const slopes = new Float64Array(((to - from) * (to - from - 1)) / 2);
  let count = 0;
  for (let one = from; one < to; one++) {
    if (Number.isNaN(values[one])) continue;
    for (let other = one + 1; other < to; other++) {
      const slope = (values[other]! - values[one]!) / (other - one);
      if (!Number.isNaN(slope)) slopes[count++] = slope;
    }
  }
  return slopes.subarray(0, count).sort();
}

/** Where the line with that slope is at the last place: the median over all points, each carried there. */
function endOf(values: Float64Array, slope: number): number {
  const carried = values
    .map((value, place) => value + slope * (values.length - 1 - place))
    .filter((value) => !Number.isNaN(value));
  return medianOf(carried.sort());
}

function medianOf(sorted: Float64Array): number {
  const half = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
