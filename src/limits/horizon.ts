import type { FullAt } from '../model/breach.ts';
import { quarterMedians, robustTrend, type Trend } from './trend.ts';

/** A window has so many buckets, and so many of them must hold something. */
export const BUCKETS = 32;
const FEWEST = 28;
/** Peaks of what lies before the window are kept in so many parts of an hour, or of a bucket where that is longer: a week at least. */
const PARTS = 168;
const HOUR_MINUTES = 60;
export const MINUTE_MS = 60_000;

/** What grew for an hour is not taken to grow for more than three: by Lindy's law one in four goes on for so long. */
const FARTHEST = 3;
/** A later half that brings less of the earlier one is a growth that ends. */
const STEADY = 0.7;
/** A growth by less of the whole is none. */
const LEAST_GROWTH = 0.005;
/** A quarter of the window that brings less of its share: it grew in one go, a file that was copied say. */
const EVEN = 0.5;
/** It stands within so much of its growth of the highest it reached in the window, and beyond what it reached before. */
const NEAR_TOP = 0.25;
const BEYOND_PAST = 0.1;
/** What fell back by so much, and half as much again, may do so this time. */
const BEYOND_FALLS = 1.5;

export type Verdict =
  | 'too little'
  | 'steady'
  | 'in one go'
  | 'came down'
  | 'slowing'
  | 'seen before'
  | 'too far'
  | 'growing';

/** What one window says. */
export interface Assessment {
  readonly verdict: Verdict;
  /** Change of the share a ms, and the time of the window, ms. */
  readonly perMs?: number;
  readonly overMs: number;
  /** Beginning of the window, ms since the epoch. */
  readonly since: number;
  /** By how much it grew in the window, and the bottom line at its end. */
  readonly growth?: number;
  readonly end?: number;
  /** The deepest fall from a window's top that was seen lately. */
  readonly fall?: number;
  /** Only where it grows. */
  readonly full?: FullAt;
}

/**
 * A share (1 is full) over a window of 32 buckets, as its lowest in each: what falls back within a bucket, a log that is rotated or a heap
 * that is collected, is not there; what falls back in longer times shows in the peaks of the week before.
 */
export class Horizon {
  readonly #bucketMinutes: number;
  readonly #lows = new Float64Array(BUCKETS).fill(Number.NaN);
  readonly #highs = new Float64Array(BUCKETS).fill(Number.NaN);
  /** Of what lies before the window the peaks, and of all the deepest falls from a window's top. */
  readonly #past = new Float64Array(PARTS).fill(Number.NaN);
  readonly #falls = new Float64Array(PARTS).fill(Number.NaN);
  readonly #partMinutes: number;
  readonly #newest = { past: Number.NaN, falls: Number.NaN };
  /** The bucket that is being filled. */
  #bucket = Number.NaN;
  #low = Number.NaN;
  #high = Number.NaN;

  constructor(bucketMinutes: number) {
    this.#bucketMinutes = bucketMinutes;
    this.#partMinutes = Math.max(HOUR_MINUTES, bucketMinutes);
  }

  get windowMs(): number {
    return BUCKETS * this.#bucketMinutes * MINUTE_MS;
  }

  /** `minute`: whole minutes since the epoch, never less than before. True where it completed a bucket. */
  add(minute: number, value: number): boolean {
    const bucket = Math.floor(minute / this.#bucketMinutes);
    const completed = bucket !== this.#bucket && !Number.isNaN(this.#bucket);
    if (completed) this.#shift(bucket - this.#bucket);
    if (bucket !== this.#bucket) {
      this.#bucket = bucket;
      this.#low = value;
      this.#high = value;
    } else {
      this.#low = Math.min(this.#low, value);
      this.#high = Math.max(this.#high, value);
    }
    return completed;
  }

  /** The bucket that is over becomes the window's last one; those in which nothing was seen are gaps behind it. */
  #shift(steps: number): void {
    const many = Math.min(steps, BUCKETS);
    for (let left = 0; left < many; left++)
      this.#remember('past', this.#bucket - BUCKETS + left, this.#lows[left]!);
    this.#lows.copyWithin(0, many).fill(Number.NaN, BUCKETS - many);
    this.#highs.copyWithin(0, many).fill(Number.NaN, BUCKETS - many);
    if (steps > BUCKETS) this.#remember('past', this.#bucket, this.#low);
    else {
      this.#lows[BUCKETS - steps] = this.#low;
      this.#highs[BUCKETS - steps] = this.#high;
      this.#remember('falls', this.#bucket, Math.max(0, highest(this.#lows) - this.#low));
    }
  }

  /** Keeps the most of each part of the past. */
  #remember(what: 'past' | 'falls', bucket: number, value: number): void {
    if (Number.isNaN(value)) return;
    const parts = what === 'past' ? this.#past : this.#falls;
    const part = Math.floor((bucket * this.#bucketMinutes) / this.#partMinutes);
    const newest = this.#newest[what];
    if (!(part <= newest)) {
      const first = Number.isNaN(newest) ? part : Math.max(newest + 1, part - PARTS + 1);
      for (let next = first; next <= part; next++) parts[next % PARTS] = Number.NaN;
      this.#newest[what] = part;
    }
    const known = parts[part % PARTS]!;
    parts[part % PARTS] = Number.isNaN(known) ? value : Math.max(known, value);
  }

  /**
   * False where `assess` cannot say that it grows, for far less work. It says so only where a third of what is left came in the window
   * (FARTHEST), three quarters of that from the middle of its first quarter to that of its last one, at half their pace at least (EVEN).
   */
  mayGrow(): boolean {
    const [first, second, third, last] = quarterMedians(this.#lows);
    const least = (1 - highest(this.#highs)) / FARTHEST;
    const isEven = first! < second! && second! < third! && third! < last!;
    return isEven && last! - first! >= Math.max(LEAST_GROWTH, least) * EVEN * 0.75;
  }

  assess(): Assessment {
    const end = this.#bucket * this.#bucketMinutes * MINUTE_MS;
    const window = { overMs: this.windowMs, since: end - this.windowMs };
    const seen = this.#lows.reduce((count, low) => count + (Number.isNaN(low) ? 0 : 1), 0);
    const isWhole = seen >= FEWEST && !(Number.isNaN(this.#lows[0]) && Number.isNaN(this.#lows[1]));
    const trend = isWhole ? robustTrend(this.#lows) : undefined;
    if (!trend) return { ...window, verdict: 'too little' };
    const growth = trend.slope * BUCKETS;
    const measured = {
      ...{
        ...window,
        growth,
        end: trend.end,
        fall: highest(this.#falls),
        perMs: trend.slope / (this.#bucketMinutes * MINUTE_MS),
      },
    };
    const verdict = this.#verdict(trend, growth);
    if (verdict !== 'growing') return { ...measured, verdict };
    const full = this.#full(trend, end);
    const isFar = full.latest - end > FARTHEST * this.windowMs;
    return { ...measured, verdict: isFar ? 'too far' : 'growing', full };
  }

  #verdict(trend: Trend, growth: number): Verdict {
    if (trend.low <= 0 || growth < LEAST_GROWTH) return 'steady';
    const now = this.#lows.findLast((low) => !Number.isNaN(low))!;
    if (now < highest(this.#lows) - NEAR_TOP * growth) return 'came down';
    if (trend.evenness < EVEN) return 'in one go';
    if (!(trend.steadiness >= STEADY) || levelsOffAt(trend) < 1) return 'slowing';
    const before = highest(this.#past) + BEYOND_PAST * growth;
    return now < before || growth < BEYOND_FALLS * highest(this.#falls) ? 'seen before' : 'growing';
  }

  /** When the tops that stand on the line reach 1: the usual ones, the highest of the window, and the lowest. */
  #full(trend: Trend, now: number): FullAt {
    const { slope, low, high, end } = trend;
    const heights = this.#highs
      .map((top, place) => top - this.#lows[place]!)
      .filter((height) => !Number.isNaN(height))
      .sort();
    const left = (height: number): number => Math.max(0, 1 - end - Math.max(0, height - slope));
    const when = (buckets: number): number => Math.round(now + buckets * this.#bucketMinutes * MINUTE_MS);
    const [lowest, usual, tallest] = [heights[0]!, heights[heights.length >> 1]!, heights.at(-1)!];
    const latest = Math.max(left(lowest) / low, slowedBuckets(trend, left(lowest)));
    return { at: when(left(usual) / slope), earliest: when(left(tallest) / high), latest: when(latest) };
  }
}

/** The greatest, 0 where there is none. */
const highest = (values: Float64Array): number =>
  values.reduce((most, value) => (value > most ? value : most), 0);

/** Where a growth ends of which each half window brings the same part of the one before: the sum of a geometric series. */
function levelsOffAt({ end, late, steadiness }: Trend): number {
  return steadiness < 1
    ? end + (late * (BUCKETS / 2) * steadiness) / (1 - steadiness)
    : Number.POSITIVE_INFINITY;
}

/** Buckets until such a growth has brought `left`. */
function slowedBuckets({ late, steadiness }: Trend, left: number): number {
  if (!(steadiness < 1)) return 0;
  const part = 1 - (left * (1 - steadiness)) / (late * (BUCKETS / 2) * steadiness);
  return part > 0 ? (Math.log(part) / Math.log(steadiness)) * (BUCKETS / 2) : Number.POSITIVE_INFINITY;
}
