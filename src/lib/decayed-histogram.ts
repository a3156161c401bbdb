/**
 * How often values of each size were seen, the old ones forgotten: a histogram whose bins grow by a fixed factor (as in
 * DDSketch of Masson, Rim and Lee, VLDB 2019), so that every quantile is right to within the width of a bin, in 1 KB.
 * Values are not negative; below `least` all are one.
 */
export interface HistogramScale {
  /** Smaller values are told from 0 by nobody. */
  readonly least: number;
  /** Bin edges grow by this factor. */
  readonly factor: number;
  readonly bins: number;
}

export class DecayedHistogram {
  readonly #scale: HistogramScale;
  readonly #counts: Float32Array;
  readonly #logFactor: number;
  #total = 0;

  constructor(scale: HistogramScale, counts?: readonly (readonly [bin: number, count: number])[]) {
    this.#scale = scale;
    this.#logFactor = Math.log(scale.factor);
    this.#counts = new Float32Array(scale.bins);
    for (const [bin, count] of counts ?? []) {
      if (!(bin >= 0 && bin < scale.bins && count >= 0)) throw new RangeError(`bin ${bin} with ${count}`);
      this.#counts[bin] = count;
      this.#total += count;
    }
  }

  add(value: number): void {
    this.#counts[this.#bin(value)]!++;
    this.#total++;
  }

  /** All that was seen counts `share` of what it did. */
  decay(share: number): void {
    this.#total = 0;
    for (let bin = 0; bin < this.#counts.length; bin++) {
      const count = this.#counts[bin]! * share;
      // A thousandth of one sight says nothing, and would be written down for ever.
      this.#counts[bin] = count < 1e-3 ? 0 : count;
      this.#total += this.#counts[bin]!;
    }
  }

  /** Sum of the weights of all that was seen. */
  total(): number {
    return this.#total;
  }

  /** The upper edge of the bin that holds the quantile; NaN where nothing was seen. */
  quantile(share: number): number {
    if (this.#total === 0) return Number.NaN;
    let below = 0;
    for (let bin = 0; bin < this.#counts.length; bin++) {
      below += this.#counts[bin]!;
      if (below >= share * this.#total - 1e-9 && below > 0) return this.#edge(bin);
    }
    return this.#edge(this.#counts.length - 1);
  }

  /** Weight of what lies above `value`, and the sum of ln(x / value) over it, x the middle of its bin. */
  above(value: number): { readonly weight: number; readonly logs: number } {
    const from = this.#bin(value) + 1;
    let weight = 0;
    let logs = 0;
    for (let bin = from; bin < this.#counts.length; bin++) {
      weight += this.#counts[bin]!;
      logs += this.#counts[bin]! * (bin - from + 0.5) * this.#logFactor;
    }
    return { weight, logs };
  }

  /** The bins that hold something. */
  counts(): readonly (readonly [bin: number, count: number])[] {
    const held: [number, number][] = [];
    for (let bin = 0; bin < this.#counts.length; bin++) {
      if (this.#counts[bin]! > 0) held.push([bin, Number(this.#counts[bin]!.toPrecision(4))]);
    }
    return held;
  }

  #bin(value: number): number {
    if (!(value > this.#scale.least)) return 0;
    const bin = 1 + Math.floor(Math.log(value / this.#scale.least) / this.#logFactor);
    return Math.min(bin, this.#counts.length - 1);
  }

  #edge(bin: number): number {
    return bin === 0 ? 0 : this.#scale.least * this.#scale.factor ** bin;
  }
}
