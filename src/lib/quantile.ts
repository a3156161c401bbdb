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

/**
 * The value that would stand at `place` were the values sorted in ascending order; puts no smaller one behind it and no
 * larger one before it. Hoare's selection: in linear time where sorting takes n log n. `values` must hold no NaN.
 */
export function select(values: Float32Array, place: number): number {
  let from = 0;
  let to = values.length - 1;
  while (from < to) {
    const pivot = values[(from + to) >> 1]!;
    let left = from;
    let right = to;
    while (left <= right) {
      while (values[left]! < pivot) left++;
      while (values[right]! > pivot) right--;
      if (left > right) break;
      const kept = values[left]!;
      values[left++] = values[right]!;
      values[right--] = kept;
    }
    if (place <= right) to = right;
    else if (place >= left) from = left;
    else break;
  }
  return values[place]!;
}
