import { quantile, sortFinite } from '../lib/quantile.ts';
import { fitReturnPeriods } from '../lib/return-period.ts';
import { fitTail, type Tail } from '../lib/tail.ts';
import { Combination, logScore } from '../model/combination.ts';
import type { Scorer } from '../model/detector.ts';
import type { Calibration } from '../model/machine-model.ts';
import type { Matrix } from '../model/matrix.ts';

/** Length of the exponential mean over the combined opinion: 5 to 8 rows gained most on labelled machines. */
const SMOOTHING_ROWS = 8;
/** Excursions closer than that are one: an anomaly that flickers is one anomaly. */
const APART_ROWS = 60;
/**
 * Tails shorter than these are not believed, however little the held-out rows moved: a raw score that is e^0.25 times
 * as high is at best e times as rare, and so is a combined one that gained 0.1 digits.
 */
const LEAST_RAW_SCALE = 0.25;
const LEAST_COMBINED_SCALE = 0.1;

/** Raw scores of each scorer for all rows, in their order. */
export function rawScores(scorers: readonly Scorer[], matrix: Matrix): readonly Float32Array[] {
  const { rows, columns, data, at } = matrix;
  const scores = scorers.map(() => new Float32Array(rows));
  for (let row = 0; row < rows; row++) {
    const values = data.subarray(row * columns, (row + 1) * columns);
    for (let index = 0; index < scorers.length; index++) {
      scores[index]![row] = scorers[index]!.score(values, at[row]!);
    }
  }
  return scores;
}

/** Learns from raw scores of held-out rows how rare each raw score is, and how rare the combined one is. */
export function calibrate(
  raw: readonly Float32Array[],
  stepSeconds: number,
): { readonly tails: readonly Tail[]; readonly calibration: Calibration } {
  const rows = raw[0]?.length ?? 0;
  // Neighbouring rows repeat each other: about one in a smoothing length says something new.
  const independent = Math.max(1, rows / SMOOTHING_ROWS);
  const tails = raw.map((scores) => fitTail(scores.values().map(logScore), LEAST_RAW_SCALE, independent));
  const single = combine(raw, tails, 1, 0);
  const rest = rows === 0 ? 0 : quantile(sortFinite(single), 0.5);
  const smoothed = combine(raw, tails, SMOOTHING_ROWS, rest);
  return {
    tails,
    calibration: {
      smoothingRows: SMOOTHING_ROWS,
      rest,
      combined: fitTail(smoothed, LEAST_COMBINED_SCALE, independent),
      returns: fitReturnPeriods(smoothed, stepSeconds, APART_ROWS, LEAST_COMBINED_SCALE),
      rows,
    },
  };
}

function combine(
  raw: readonly Float32Array[],
  tails: readonly Tail[],
  smoothingRows: number,
  rest: number,
): Float64Array {
  const combination = new Combination(tails, smoothingRows, rest);
  const row = new Float64Array(raw.length);
  return Float64Array.from(raw[0] ?? [], (_, index) => {
    for (let detector = 0; detector < raw.length; detector++) row[detector] = raw[detector]![index]!;
    return combination.add(row);
  });
}
