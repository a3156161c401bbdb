import { quantile, sortFinite } from '../lib/quantile.ts';
import type { Frame, History } from '../model/history.ts';
import type { Matrix } from '../model/matrix.ts';
import type { Band } from '../model/score.ts';
import type { Period } from './assemble.ts';

/** All but one row in a hundred lies between them. */
const LOW = 0.005;
const HIGH = 0.995;
/** Fewer points do not make a band. */
const LEAST_POINTS = 30;
/** Points of a period that are looked at; a longer one is answered in minutes with their lows and highs. */
const MOST_POINTS = 2000;
/** Series asked for at once. */
const CHUNK = 32;

/** Bands of the features, from the very rows that were learned. */
export function bandsOfMatrix(
  { rows, columns, data }: Matrix,
  keys: readonly string[],
): Record<string, Band> {
  const bands: Record<string, Band> = {};
  const values = new Float32Array(rows);
  for (let column = 0; column < columns; column++) {
    let count = 0;
    for (let row = 0; row < rows; row++) {
      const value = data[row * columns + column]!;
      if (!Number.isNaN(value)) values[count++] = value;
    }
    if (count < LEAST_POINTS) continue;
    const sorted = values.subarray(0, count).sort();
    bands[keys[column]!] = {
      low: quantile(sorted, LOW),
      median: quantile(sorted, 0.5),
      high: quantile(sorted, HIGH),
    };
  }
  return bands;
}

/** Bands of any series that the history has: what the dashboard draws behind a chart. */
export function bandsOfHistory(
  history: History,
  keys: readonly string[],
  { from, to }: Period,
): Record<string, Band> {
  const bands: Record<string, Band> = {};
  for (let first = 0; first < keys.length; first += CHUNK) {
    const metrics = keys.slice(first, first + CHUNK);
    for (const frame of history.query({ metrics, from, to, maxPoints: MOST_POINTS }).frames) {
      if (frame.at.length >= LEAST_POINTS) bands[frame.metric] = bandOf(frame);
    }
  }
  return bands;
}

const bandOf = (frame: Frame): Band => ({
  low: quantile(sortFinite(frame.min), LOW),
  median: quantile(sortFinite(frame.mean), 0.5),
  high: quantile(sortFinite(frame.max), HIGH),
});
