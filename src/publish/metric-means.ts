import type { Metric, Series, Tick } from '../model/metric.ts';

interface Sum {
  total: number;
  count: number;
}

/** The mean of each series' values since the last time: what is told of an interval. */
export class MetricMeans {
  readonly #sums = new Map<Series, Sum>();

  add(tick: Tick): void {
    for (const { series, value } of tick.metrics) {
      const sum = this.#sums.get(series);
      if (sum) {
        sum.total += value;
        sum.count++;
      } else this.#sums.set(series, { total: value, count: 1 });
    }
  }

  /** The means, and a new beginning. A series without a value since the last time is left out, and forgotten. */
  take(): readonly Metric[] {
    const means: Metric[] = [];
    for (const [series, sum] of this.#sums) {
      if (sum.count === 0) {
        this.#sums.delete(series);
        continue;
      }
      means.push({ series, value: sum.total / sum.count });
      sum.total = 0;
      sum.count = 0;
    }
    return means;
  }
}
