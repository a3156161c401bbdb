import { quantile, sortFinite } from '../lib/quantile.ts';
import { fitReturnPeriods, returnPeriod } from '../lib/return-period.ts';
import { fitTail } from '../lib/tail.ts';
import { Combination, type Opinion, Smoother, type Smoothing } from '../model/combination.ts';
import type { Scorer } from '../model/detector.ts';
import type { Calibration } from '../model/machine-model.ts';
import type { Matrix } from '../model/matrix.ts';
import { type Chunk, forwardChunks } from './split.ts';
import { TestedRows } from './tested-rows.ts';

/** A short mean of 5 to 8 rows gained most on labelled machines, and half as much of a longer one beside it some more. */
const SMOOTHING: Smoothing = { smoothingRows: 6, slowSmoothing: { rows: 30, weight: 0.5 } };
/** So many rows on, the short mean has forgotten all and the long one all but a fiftieth: blocks so long say something of their own. */
const BLOCK_ROWS = 60;
/** Excursions closer than that are one: an anomaly that flickers is one anomaly. */
const APART_ROWS = 30;
/**
 * Tails shorter than these are not believed, however little the held-out rows moved: a smoothed score that is e^0.25 times
 * as high is at best e times as rare, and so is a combined one that gained 0.05 digits.
 */
const RAW_PRIOR = { scale: 0.25, count: 1 };
const COMBINED_PRIOR = { scale: 0.05, count: 1 };
/**
 * Digits by which an excursion rises, before any was seen. Of 16 labelled machines with days of history most had 0.3 to 0.9, made ones
 * with hours of it 0.2 to 0.4: this much is known before, and is worth no more than some excursions.
 */
const RETURNS_PRIOR = { scale: 0.5, count: 5 };

/**
 * So many times what was held out is how far a return period may reach: beyond that, what was hardly seen would be told by its prior alone, and
 * a threshold there would let a young model miss plain faults. After ten minutes that is half a day, after two hours a week, after nine a month.
 * The alarm's threshold is no rarer than this, so that a young model may alarm more often than was wished; its card says so.
 */
const REACH = 300;

/** Raw scores of each scorer for all rows, in their order. */
export function rawScores(scorers: readonly Scorer[], matrix: Matrix): readonly Float32Array[] {
  return scorers.map((scorer) => scorer.scoreAll?.(matrix) ?? scoreEach(scorer, matrix));
}

function scoreEach(scorer: Scorer, { rows, columns, data, at }: Matrix): Float32Array {
  const scores = new Float32Array(rows);
  for (let row = 0; row < rows; row++)
    scores[row] = scorer.score(data.subarray(row * columns, (row + 1) * columns), at[row]!);
  return scores;
}

interface Calibrated {
  readonly opinions: readonly Opinion[];
  readonly calibration: Calibration;
}

/**
 * Learns from raw scores of held-out rows how rare each raw score is, and how rare the combined one is.
 * `weights` are the detectors' says, in the order of `raw`. It is tested on the same rows by forward chaining (Tashman, "Out-of-sample
 * tests of forecasting accuracy", 2000): each later part of them by what the earlier ones alone teach. So all rows teach in the end, and
 * none is judged by what it taught.
 */
export function calibrate(
  raw: readonly Float32Array[],
  weights: readonly number[],
  stepSeconds: number,
): Calibrated {
  const learned = learn(raw, weights, stepSeconds);
  const tested = new TestedRows(stepSeconds, APART_ROWS);
  for (const { known, judged } of forwardChunks(raw[0]?.length ?? 0)) {
    const earlier = learn(cut(raw, known), weights, stepSeconds);
    const { returns } = earlier.calibration;
    const level = combine(cut(raw, judged), earlier.opinions);
    tested.add(level.map((value) => returnPeriod(returns, value)));
  }
  return { ...learned, calibration: { ...learned.calibration, tested: tested.sum() } };
}

function learn(raw: readonly Float32Array[], weights: readonly number[], stepSeconds: number): Calibrated {
  const rows = raw[0]?.length ?? 0;
  const opinions = raw.map((scores, index): Opinion => {
    const rest = rows === 0 ? 0 : quantile(sortFinite(scores), 0.5);
    const tail = fitTail(smoothed(scores, rest), BLOCK_ROWS, RAW_PRIOR);
    return { rest, tail, weight: weights[index]! };
  });
  const combined = combine(raw, opinions);
  const reach = REACH * rows * stepSeconds;
  return {
    opinions,
    calibration: {
      ...SMOOTHING,
      combined: fitTail(combined, BLOCK_ROWS, COMBINED_PRIOR),
      returns: fitReturnPeriods(combined, stepSeconds, APART_ROWS, RETURNS_PRIOR, reach),
      rows,
    },
  };
}

const cut = (raw: readonly Float32Array[], { from, to }: Chunk): readonly Float32Array[] =>
  raw.map((scores) => scores.subarray(from, to));

function smoothed(scores: Float32Array, rest: number): Float64Array {
  const smoother = new Smoother(SMOOTHING, rest);
  return Float64Array.from(scores, (score) => smoother.add(score));
}

function combine(raw: readonly Float32Array[], opinions: readonly Opinion[]): Float64Array {
  const combination = new Combination(opinions, SMOOTHING);
  const row = new Float64Array(raw.length);
  return Float64Array.from(raw[0] ?? [], (_, index) => {
    for (let detector = 0; detector < raw.length; detector++) row[detector] = raw[detector]![index]!;
    return combination.add(row);
  });
}
