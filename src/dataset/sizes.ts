/** Envelopes are not larger; what is larger counts as this. Bytes. */
const LARGEST = 131_072;

/** Sizes of envelopes, exactly, in memory that does not depend on how many there are. */
export class Sizes {
  readonly #counts = new Uint32Array(LARGEST + 1);
  #total = 0;

  add(bytes: number): void {
    this.#counts[Math.min(bytes, LARGEST)]!++;
    this.#total++;
  }

  /** How many are from `low` to `high` bytes, both included. */
  within(low: number, high: number): number {
    let sum = 0;
    for (let size = low; size <= Math.min(high, LARGEST); size++) sum += this.#counts[size]!;
    return sum;
  }

  /** The smallest size that at least this share of the envelopes does not exceed (nearest rank); undefined where there are none. */
  quantile(share: number): number | undefined {
    if (this.#total === 0) return undefined;
    const rank = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (let size = 0; size <= LARGEST; size++) {
      seen += this.#counts[size]!;
      if (seen >= rank) return size;
    }
    return undefined;
  }
}
