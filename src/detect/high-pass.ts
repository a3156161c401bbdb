import type { EncodedModel, LearnContext } from '../model/detector.ts';
import { type Matrix, usualStepMs } from '../model/matrix.ts';
import type { Viewer } from './residual.ts';
import { decodeSeason, encodeSeason, learnSeason, partOf, type Season } from './season.ts';

/** What changed within the last hour: each metric less its own slow mean, in units of what that usually is. */
export interface HighPassView {
  /** Root mean square of each metric after the high-pass, with a floor. */
  readonly deviations: Float32Array;
  /** The slow means as the training left them, and when: a scorer goes on from there, or anew when that is long ago. */
  readonly means: Float32Array;
  readonly meansAt: number;
  /** Of the slow means. */
  readonly halfLifeMs: number;
  /** Taken off first. */
  readonly season: Season | undefined;
}

const HALF_LIFE_MS = 45 * 60_000;
/** Scores are smoothed over 30 rows: a mean that is quicker than that takes off what they are to show. Counts where rows are minutes apart. */
const HALF_LIFE_ROWS = 45;
/** One row moves the mean as if it were at most so far away. */
const STEP_LIMIT = 20;
const LEAST_DEVIATION = 0.6;
const MOST_ROWS = 20_000;

/** Takes the slow exponential mean off, row by row (causal); a missing value leaves its mean where it was and stays missing. */
class HighPass {
  readonly means: Float32Array;
  lastAt: number;
  readonly #season: Season | undefined;
  readonly #halfLifeMs: number;

  constructor({ means, meansAt, halfLifeMs, season }: Omit<HighPassView, 'deviations'>) {
    this.means = means.slice();
    this.lastAt = meansAt;
    this.#season = season;
    this.#halfLifeMs = halfLifeMs;
  }

  apply(row: Float32Array, at: number, into: Float32Array): void {
    // A clock that jumped back is no reason to forget: the mean then stays for one row.
    const elapsed = Math.max(0, at - this.lastAt);
    this.lastAt = at;
    const weight = 1 - 2 ** (-elapsed / this.#halfLifeMs);
    const limit = elapsed > this.#halfLifeMs ? Number.POSITIVE_INFINITY : STEP_LIMIT;
    const means = this.means;
    const season = this.#season;
    const part = season ? partOf(season, at, into.length) : 0;
    for (let column = 0; column < into.length; column++) {
      const value = season ? row[column]! - season.table[part + column]! : row[column]!;
      if (Number.isNaN(means[column]!)) means[column] = value;
      const mean = means[column]!;
      const step = value - mean;
      into[column] = step;
      if (!Number.isNaN(step)) means[column] = mean + weight * Math.max(-limit, Math.min(limit, step));
    }
  }
}

/**
 * Learns the view from standardised rows. `rows`: at most 20,000 of them as the view shows them, evenly spread, row-major;
 * a missing value is 0 there.
 */
export function learnHighPass(
  train: Matrix,
  validate: Matrix,
  { past, progress }: Pick<LearnContext, 'past' | 'progress'>,
): { readonly view: HighPassView; readonly rows: Float32Array } {
  const { rows, columns, data, at } = train;
  const season = learnSeason(train, validate, past);
  const unknown = new Float32Array(columns).fill(Number.NaN);
  const halfLifeMs = Math.max(HALF_LIFE_MS, HALF_LIFE_ROWS * usualStepMs(train));
  const highPass = new HighPass({ means: unknown, meansAt: at[0] ?? 0, halfLifeMs, season });
  const row = new Float32Array(columns);
  const squares = new Float64Array(columns);
  const counts = new Float64Array(columns);
  const stride = Math.max(1, Math.floor(rows / MOST_ROWS));
  const kept = new Float32Array(Math.ceil(rows / stride) * columns);
  for (let index = 0; index < rows; index++) {
    highPass.apply(data.subarray(index * columns, (index + 1) * columns), at[index]!, row);
    for (let column = 0; column < columns; column++) {
      const value = Number.isNaN(row[column]!) ? 0 : row[column]!;
      squares[column]! += value * value;
      if (!Number.isNaN(row[column]!)) counts[column]!++;
      if (index % stride === 0) kept[(index / stride) * columns + column] = value;
    }
    if (index % 1000 === 0) progress(index / rows);
  }
  const deviations = Float32Array.from(squares, (sum, column) =>
    Math.max(LEAST_DEVIATION, Math.sqrt(sum / Math.max(1, counts[column]!))),
  );
  for (let index = 0; index < kept.length; index++) kept[index]! /= deviations[index % columns]!;
  return {
    view: { deviations, means: highPass.means, meansAt: highPass.lastAt, halfLifeMs, season },
    rows: kept,
  };
}

/** Shows rows one after the other as the view has them. */
export class HighPassViewer implements Viewer {
  readonly #deviations: Float32Array;
  readonly #highPass: HighPass;

  constructor(view: HighPassView) {
    this.#deviations = view.deviations;
    this.#highPass = new HighPass(view);
  }

  /** Values in deviations, at most `limit` of them, into `into`; NaN where the row has none. `row` is standardised. */
  show(row: Float32Array, at: number, limit: number, into: Float32Array): void {
    this.#highPass.apply(row, at, into);
    for (let column = 0; column < into.length; column++) {
      const value = into[column]! / this.#deviations[column]!;
      into[column] = value > limit ? limit : value < -limit ? -limit : value;
    }
  }
}

export function encodeHighPass({
  deviations,
  means,
  meansAt,
  halfLifeMs,
  season,
}: HighPassView): EncodedModel {
  const { facts, arrays } = encodeSeason(season);
  return { facts: { ...facts, meansAt, halfLifeMs }, arrays: { ...arrays, deviations, means } };
}

/** A view out of a model file. Throws where the parts do not fit together; `name` is the detector's. */
export function decodeHighPass(name: string, encoded: EncodedModel): HighPassView {
  // Models that earlier versions wrote have none.
  const { meansAt, halfLifeMs = HALF_LIFE_MS } = encoded.facts;
  const { deviations, means } = encoded.arrays;
  if (
    typeof meansAt !== 'number' ||
    typeof halfLifeMs !== 'number' ||
    !(deviations instanceof Float32Array) ||
    !(means instanceof Float32Array) ||
    deviations.length !== means.length
  ) {
    throw new Error(`${name}: the parts do not fit together`);
  }
  return { deviations, means, meansAt, halfLifeMs, season: decodeSeason(name, encoded, means.length) };
}
