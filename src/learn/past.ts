import type { History } from '../model/history.ts';
import type { Matrix } from '../model/matrix.ts';
import type { Period } from './assemble.ts';

const DAY = 86_400_000;
/** Four weeks, ms: each hour of the week four times. The history keeps its minutes for 30 days. */
export const LONGEST_PAST_MS = 28 * DAY;
/** A shorter past holds no hour of the day twice. */
const LEAST_MS = 2 * DAY;
/** Rows of five minutes: on such was measured which machines follow the clock (docs/detection.md). By the minute more of it is noise. */
const STEP_MS = 5 * 60_000;

/**
 * What the time before `before` was like, in the series' units: rows of the means of `features` over five minutes, in the order of time, NaN
 * where nothing was seen; those in which nothing at all was, and those of an excluded period, are left out. Seconds are kept for a
 * day, so the minutes are all that can tell one hour of the day or the week from another. Undefined where it is shorter than two days.
 */
export function assemblePast(
  history: History,
  features: readonly string[],
  before: number,
  excluded: readonly Period[],
): Matrix | undefined {
  const known = history.series().filter(({ key }) => features.includes(key));
  const first = known.reduce((earliest, { firstAt }) => Math.min(earliest, firstAt), before);
  const from = Math.ceil(Math.max(first, before - LONGEST_PAST_MS) / STEP_MS) * STEP_MS;
  if (before - from < LEAST_MS) return undefined;
  const columns = features.length;
  const most = Math.ceil((before - from) / STEP_MS);
  const data = new Float32Array(most * columns);
  const times = new Float64Array(most);
  let rows = 0;
  for (let day = from; day < before; day += DAY) {
    const chunk = meansOf(history, features, { from: day, to: Math.min(before, day + DAY) });
    for (let slot = 0; slot * columns < chunk.length; slot++) {
      const at = day + slot * STEP_MS;
      if (excluded.some((one) => at + STEP_MS > one.from && at < one.to)) continue;
      const row = chunk.subarray(slot * columns, (slot + 1) * columns);
      if (row.every(Number.isNaN)) continue;
      data.set(row, rows * columns);
      times[rows++] = at;
    }
  }
  if (rows * STEP_MS < LEAST_MS) return undefined;
  return { rows, columns, data: data.subarray(0, rows * columns), at: times.subarray(0, rows) };
}

/** All rows of a period of a day at most, NaN where nothing was seen. */
function meansOf(history: History, features: readonly string[], { from, to }: Period): Float32Array {
  const slots = Math.ceil((to - from) / STEP_MS);
  const sums = new Float32Array(slots * features.length);
  const counts = new Uint16Array(slots * features.length);
  const answer = history.query({ metrics: features, from, to, resolution: 60, maxPoints: DAY / 60_000 });
  for (const frame of answer.frames) {
    const column = features.indexOf(frame.metric);
    if (column < 0) continue;
    for (let point = 0; point < frame.at.length; point++) {
      const place = Math.floor((frame.at[point]! - from) / STEP_MS) * features.length + column;
      sums[place]! += frame.mean[point]!;
      counts[place]!++;
    }
  }
  return sums.map((sum, place) => (counts[place] === 0 ? Number.NaN : sum / counts[place]!));
}
