/** The finite values in ascending order, in a new array. */
export function sortFinite(values: Iterable<number>): Float64Array {
  return Float64Array.from(Iterator.from(values).filter(Number.isFinite)).sort();
}

/** The quantile of values sorted in ascending order, interpolated linearly between neighbours; NaN for none. */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = Math.min(1, Math.max(0, probability)) * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (place - below);
}
