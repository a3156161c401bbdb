/** Moments in ascending order, each once, and what was measured at them, one array a column. */
export interface Points {
  readonly at: Float64Array;
  readonly columns: readonly Float64Array[];
}

export const NO_POINTS: Points = { at: new Float64Array(), columns: [] };

/** The points from `from` (inclusive) to `to` (exclusive) whose first column has a value. */
export function select(points: Points, from: number, to: number): Points {
  const start = lowerBound(points.at, from);
  const end = lowerBound(points.at, to);
  const key = points.columns[0];
  if (!key) return NO_POINTS;
  let count = 0;
  for (let index = start; index < end; index++) if (!Number.isNaN(key[index]!)) count++;
  if (count === end - start) return clip(points, start, end);
  const keep = new Uint32Array(count);
  let next = 0;
  for (let index = start; index < end; index++) if (!Number.isNaN(key[index]!)) keep[next++] = index;
  return gather(points, keep);
}

const clip = ({ at, columns }: Points, start: number, end: number): Points =>
  start === 0 && end === at.length
    ? { at, columns }
    : { at: at.subarray(start, end), columns: columns.map((column) => column.subarray(start, end)) };

const gather = ({ at, columns }: Points, keep: Uint32Array): Points => {
  const pick = (from: Float64Array): Float64Array => {
    const picked = new Float64Array(keep.length);
    for (let index = 0; index < keep.length; index++) picked[index] = from[keep[index]!]!;
    return picked;
  };
  return { at: pick(at), columns: columns.map(pick) };
};

function lowerBound(at: Float64Array, moment: number): number {
  let low = 0;
  let high = at.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at[middle]! < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** All pieces as one. Where two have the same moment the later piece counts: it was written later. */
export function union(pieces: readonly Points[]): Points {
  const runs: Points[][] = [];
  for (const piece of pieces) {
    if (piece.at.length === 0) continue;
    const run = runs.at(-1);
    if (run && run.at(-1)!.at.at(-1)! < piece.at[0]!) run.push(piece);
    else runs.push([piece]);
  }
  return runs.map(concatenate).reduce((older, newer) => overlay(older, newer), NO_POINTS);
}

function concatenate(pieces: readonly Points[]): Points {
  if (pieces.length === 1) return pieces[0]!;
  const length = pieces.reduce((sum, piece) => sum + piece.at.length, 0);
  const join = (of: (piece: Points) => Float64Array): Float64Array => {
    const joined = new Float64Array(length);
    let offset = 0;
    for (const piece of pieces) {
      joined.set(of(piece), offset);
      offset += piece.at.length;
    }
    return joined;
  };
  return {
    at: join((piece) => piece.at),
    columns: pieces[0]!.columns.map((_, index) => join((piece) => piece.columns[index]!)),
  };
}

/** Both merged by time; at the same moment `newer` counts. */
export function overlay(older: Points, newer: Points): Points {
  if (older.at.length === 0) return newer;
  if (newer.at.length === 0) return older;
  const at = new Float64Array(older.at.length + newer.at.length);
  const columns = newer.columns.map(() => new Float64Array(at.length));
  let left = 0;
  let right = 0;
  let count = 0;
  while (left < older.at.length || right < newer.at.length) {
    const before = older.at[left] ?? Number.POSITIVE_INFINITY;
    const after = newer.at[right] ?? Number.POSITIVE_INFINITY;
    const source = after <= before ? newer : older;
    const index = after <= before ? right : left;
    at[count] = Math.min(before, after);
    for (const [number, column] of columns.entries()) column[count] = source.columns[number]![index]!;
    count++;
    if (before <= after) left++;
    if (after <= before) right++;
  }
  return { at: at.subarray(0, count), columns: columns.map((column) => column.subarray(0, count)) };
}

/** Columns of points rolled up over steps: MEAN, MIN, MAX. */
export const MEAN = 0;
export const MIN = 1;
export const MAX = 2;

/**
 * Mean, minimum and maximum over steps of `stepMs`, each at the beginning of its step. Takes raw points (one column) or
 * points rolled up before (three). A pure function: the same points give the same steps. The mean gives every point the
 * same weight.
 */
export function rollUp(points: Points, stepMs: number): Points {
  const means = points.columns[MEAN];
  if (!means) return NO_POINTS;
  const lows = points.columns[MIN] ?? means;
  const highs = points.columns[MAX] ?? means;
  const at = new Float64Array(points.at.length);
  const columns = [new Float64Array(at.length), new Float64Array(at.length), new Float64Array(at.length)];
  const [mean, low, high] = columns as [Float64Array, Float64Array, Float64Array];
  let count = 0;
  for (let index = 0; index < at.length; ) {
    const step = Math.floor(points.at[index]! / stepMs) * stepMs;
    const end = step + stepMs;
    const start = index;
    let sum = 0;
    let least = lows[index]!;
    let most = highs[index]!;
    for (; index < at.length && points.at[index]! < end; index++) {
      sum += means[index]!;
      if (lows[index]! < least) least = lows[index]!;
      if (highs[index]! > most) most = highs[index]!;
    }
    at[count] = step;
    mean[count] = sum / (index - start);
    low[count] = least;
    high[count] = most;
    count++;
  }
  return { at: at.subarray(0, count), columns: columns.map((column) => column.subarray(0, count)) };
}

/** Points of several entries over the union of their moments, NaN where an entry has none. */
export function align(all: readonly Points[]): { at: Float64Array; columns: Float64Array[][] } {
  const first = all[0]?.at ?? new Float64Array();
  if (all.every(({ at }) => same(at, first))) {
    return { at: first, columns: all.map(({ columns }) => [...columns]) };
  }
  const at = Float64Array.from(new Set(all.flatMap((points) => [...points.at]))).sort();
  const columns = all.map((points) => {
    const wide = points.columns.map(() => new Float64Array(at.length).fill(Number.NaN));
    let next = 0;
    for (let index = 0; index < at.length && next < points.at.length; index++) {
      if (points.at[next]! !== at[index]!) continue;
      for (const [number, column] of wide.entries()) column[index] = points.columns[number]![next]!;
      next++;
    }
    return wide;
  });
  return { at, columns };
}

function same(a: Float64Array, b: Float64Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
