import type { Metric, Series } from '../model/metric.ts';

/** An interval longer than this many of the one before it is a gap: the machine slept, or the collector was held up. */
const GAP = 3;
/** The longest first interval that still makes a rate, ms: there is nothing to compare it with. */
const FIRST = 60_000;
/** A counter at or above this is no count: the kernel prints -1 and other negative numbers as unsigned (2^64-1). */
const NO_COUNT = 2 ** 63;

/** The time between two looks of a collector, on the monotonic clock. */
export class Interval {
  #at = Number.NaN;
  #previous = FIRST / GAP;

  /** Seconds since the last look; NaN at the first, after a gap, and where no time has passed. */
  step(at: number): number {
    const elapsed = at - this.#at;
    this.#at = at;
    if (!(elapsed > 0)) return Number.NaN;
    const usual = this.#previous;
    this.#previous = elapsed;
    return elapsed > GAP * usual ? Number.NaN : elapsed / 1000;
  }
}

/** A counter of the kernel, which wraps at 32 or 64 bits, is reset with its device, and may say nonsense for a moment. */
export class Counter {
  #last = Number.NaN;
  /** What it said before it fell, until it has said something again. */
  #peak = Number.NaN;

  /**
   * What was added since the last call; NaN at first sight, when it fell, and when it is back at a height from which it
   * fell: a counter that says 1000, 0, 1001 did not count a thousand.
   */
  increase(value: number): number {
    if (!(value < NO_COUNT)) {
      this.forget();
      return Number.NaN;
    }
    const last = this.#last;
    const peak = this.#peak;
    this.#last = value;
    this.#peak = value < last ? last : Number.NaN;
    return value < last || value >= peak ? Number.NaN : value - last;
  }

  /** The next value is a first one. */
  forget(): void {
    this.#last = Number.NaN;
    this.#peak = Number.NaN;
  }
}

/** A counter whose increase per second is a metric. */
export class Rate {
  readonly #counter = new Counter();
  readonly #series: Series;

  constructor(series: Series) {
    this.#series = series;
  }

  /**
   * Adds the rate to `metrics`, times `scale` (bytes a sector), where there is one; `seconds` is the Interval's.
   * Returns the increase, NaN where there is none.
   */
  push(metrics: Metric[], value: number, seconds: number, scale = 1): number {
    const increase = this.#counter.increase(value);
    const rate = (increase * scale) / seconds;
    if (rate >= 0) metrics.push({ series: this.#series, value: rate });
    return increase;
  }
}

/** Adds a gauge where there is a value: the kernel's -1 as unsigned, and what could not be read (NaN), are none. */
export function pushGauge(metrics: Metric[], series: Series, value: number): void {
  if (Math.abs(value) < NO_COUNT) metrics.push({ series, value });
}
