import { quantile, sortFinite } from '../lib/quantile.ts';
import { fitReturnPeriods } from '../lib/return-period.ts';
import { fitTail } from '../lib/tail.ts';
import { Combination, logScore, type Opinion, smoothingShare } from '../model/combination.ts';
import type { Scorer } from '../model/detector.ts';
import type { Calibration } from '../model/machine-model.ts';
import type { Matrix } from '../model/matrix.ts';

/** Length of the exponential mean over each raw score: 5 to 8 rows gained most on labelled machines. */
const SMOOTHING_ROWS = 8;
/** Excursions closer than that are one: an anomaly that flickers is one anomaly. */
const APART_ROWS = 60;
/**
 * Tails shorter than these are not believed, however little the held-out rows moved: a raw score that is e^0.25 times
 * as high is at best e times as rare, and so is a combined one that gained 0.05 digits.
 */
const LEAST_RAW_SCALE = 0.25;
const LEAST_COMBINED_SCALE = 0.05;
/**
 * Digits by which an excursion must rise to be e times as rare, as long as few excursions were seen. Labelled machines
 * with weeks of history have 0.4 to 1.0; a little less lets a young model see what is plainly out of the ordinary.
 */
const PRIOR = { scale: 0.3, count: 3 };

/**
 * So many times what was held out is how far a return period may reach, and two days at the least. After ten minutes
 * that is a week: such a model says LOW and MEDIUM, and no HIGH before it has half an hour more.
 */
const REACH = 5000;
const LEAST_REACH_SECONDS = 2 * 86_400;

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

/**
 * Learns from raw scores of held-out rows how rare each raw score is, and how rare the combined one is.
 * `weights` are the detectors' says, in the order of `raw`.
 */
export function calibrate(
  raw: readonly Float32Array[],
  weights: readonly number[],
  stepSeconds: number,
): { readonly opinions: readonly Opinion[]; readonly calibration: Calibration } {
  const rows = raw[0]?.length ?? 0;
  // Neighbouring rows repeat each other: about one in a smoothing length says something new.
  const independent = Math.max(1, rows / SMOOTHING_ROWS);
  const opinions = raw.map((scores, index): Opinion => {
    const rest = rows === 0 ? 0 : quantile(sortFinite(scores), 0.5);
    const tail = fitTail(smoothed(scores, rest).map(logScore), LEAST_RAW_SCALE, independent);
    return { rest, tail, weight: weights[index]! };
  });
  const combined = combine(raw, opinions);
  const reach = Math.max(LEAST_REACH_SECONDS, REACH * rows * stepSeconds);
  return {
    opinions,
    calibration: {
      smoothingRows: SMOOTHING_ROWS,
      combined: fitTail(combined, LEAST_COMBINED_SCALE, independent),
      returns: fitReturnPeriods(combined, stepSeconds, APART_ROWS, PRIOR, reach),
      rows,
    },
  };
}

function smoothed(scores: Float32Array, rest: number): Float64Array {
  const share = smoothingShare(SMOOTHING_ROWS);
  let value = rest;
  return Float64Array.from(scores, (score) => {
    value += share * (score - value);
    return value;
  });
}

function combine(raw: readonly Float32Array[], opinions: readonly Opinion[]): Float64Array {
  const combination = new Combination(opinions, SMOOTHING_ROWS);
  const row = new Float64Array(raw.length);
  return Float64Array.from(raw[0] ?? [], (_, index) => {
    for (let detector = 0; detector < raw.length; detector++) row[detector] = raw[detector]![index]!;
    return combination.add(row);
  });
}
