interface Sum {
  total: number;
  count: number;
}

/** The mean of each key's values since the last time: what is told of an interval. */
export class Means<K> {
  readonly #sums = new Map<K, Sum>();

  add(key: K, value: number): void {
    const sum = this.#sums.get(key);
    if (sum) {
      sum.total += value;
      sum.count++;
    } else this.#sums.set(key, { total: value, count: 1 });
  }

  /** The means, and a new beginning. A key without a value since the last time is left out, and forgotten. */
  take(): readonly (readonly [key: K, mean: number])[] {
    const means: (readonly [K, number])[] = [];
    for (const [key, sum] of this.#sums) {
      if (sum.count === 0) {
        this.#sums.delete(key);
        continue;
      }
      means.push([key, sum.total / sum.count]);
      sum.total = 0;
      sum.count = 0;
    }
    return means;
  }
}
