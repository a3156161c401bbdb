import type { History } from '../model/history.ts';
import type { Matrix } from '../model/matrix.ts';
import type { Period } from './assemble.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Four weeks, ms: each hour of the week four times. The history keeps its minutes for 30 days. */
export const LONGEST_PAST_MS = 28 * DAY;
/** A shorter past holds no hour of the day twice. */
const LEAST_MS = 2 * DAY;

/**
 * What minutes before `before` were like, in the series' units: rows of the minute means of `features`, in the order of time, NaN
 * where nothing was seen; minutes in which nothing at all was, and those of an excluded period, are left out. Seconds are kept for a
 * day, so this is all that can tell one hour of the day or the week from another. Undefined where it is shorter than two days.
 */
export function assemblePast(
  history: History,
  features: readonly string[],
  before: number,
  excluded: readonly Period[],
): Matrix | undefined {
  const known = history.series().filter(({ key }) => features.includes(key));
  const first = known.reduce((earliest, { firstAt }) => Math.min(earliest, firstAt), before);
  const from = Math.ceil(Math.max(first, before - LONGEST_PAST_MS) / MINUTE) * MINUTE;
  if (before - from < LEAST_MS) return undefined;
  const columns = features.length;
  const most = Math.ceil((before - from) / MINUTE);
  const data = new Float32Array(most * columns);
  const times = new Float64Array(most);
  let rows = 0;
  for (let day = from; day < before; day += DAY) {
    const to = Math.min(before, day + DAY);
    const chunk = minutesOf(history, features, { from: day, to });
    for (let slot = 0; slot * columns < chunk.length; slot++) {
      const at = day + slot * MINUTE;
      if (excluded.some((one) => at + MINUTE > one.from && at < one.to)) continue;
      const row = chunk.subarray(slot * columns, (slot + 1) * columns);
      if (row.every(Number.isNaN)) continue;
      data.set(row, rows * columns);
      times[rows++] = at;
    }
  }
  if (rows * MINUTE < LEAST_MS) return undefined;
  return { rows, columns, data: data.subarray(0, rows * columns), at: times.subarray(0, rows) };
}

/** All minutes of a period of a day at most, NaN where nothing was seen. */
function minutesOf(history: History, features: readonly string[], { from, to }: Period): Float32Array {
  const slots = Math.ceil((to - from) / MINUTE);
  const chunk = new Float32Array(slots * features.length).fill(Number.NaN);
  const answer = history.query({ metrics: features, from, to, resolution: 60, maxPoints: slots });
  for (const frame of answer.frames) {
    const column = features.indexOf(frame.metric);
    if (column < 0) continue;
    for (let point = 0; point < frame.at.length; point++) {
      const slot = Math.floor((frame.at[point]! - from) / MINUTE);
      if (slot >= 0 && slot < slots) chunk[slot * features.length + column] = frame.mean[point]!;
    }
  }
  return chunk;
}
