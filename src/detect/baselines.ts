import { quantile } from '../lib/quantile.ts';
import type { Detector, EncodedModel, LearnContext, Scorer } from '../model/detector.ts';
import type { Matrix } from '../model/matrix.ts';
import { decodeSeason, encodeSeason, learnSeasons, partOf, type Season } from './season.ts';

/**
 * Each metric on its own: how far it is from its median, or from what it usually is at this hour of the day or the week once that has been
 * seen often enough, in robust deviations. Blind to metrics that only go wrong together, and hard to fool where the other
 * detectors were trained on too little.
 */
export interface Baselines {
  /** Taken off first, of the metrics that follow the clock. */
  readonly season: Season | undefined;
  readonly medians: Float32Array;
  readonly deviations: Float32Array;
}

const NAME = 'baselines';
/** A metric counts at most as much as one at so many deviations: one broken sensor is not the whole machine. */
const LIMIT = 20;
/**
 * The score looks at that many metrics, those that are furthest off: a fork storm breaks one metric of forty, and a mean over
 * all of them would not show it. The other detectors look at the whole.
 */
const FEW = 3;
/** In standardised units: what moves less than that is not told apart from what never moves. */
const LEAST_DEVIATION = 0.5;
/** A normal distribution's MAD and its 98 % point, in standard deviations. */
const MAD_OF_NORMAL = 0.6745;
const Q98_OF_NORMAL = 2.0537;

export function createBaselines(): Detector<Baselines> {
  return {
    name: NAME,
    weight: 0.5,
    learn,
    scorer: (model) => new BaselineScorer(model),
    encode,
    decode,
  };
}

function learn(train: Matrix, validate: Matrix, context: LearnContext): Baselines {
  const { rows, columns, data, at } = train;
  const season = learnSeasons(train, validate, context.past);
  const medians = new Float32Array(columns);
  const deviations = new Float32Array(columns).fill(1);
  const values = new Float32Array(rows);
  for (let column = 0; column < columns; column++) {
    let count = 0;
    for (let row = 0; row < rows; row++) {
      const value = data[row * columns + column]! - usual(season, at[row]!, columns, column);
      if (!Number.isNaN(value)) values[count++] = value;
    }
    if (count > 0) {
      const sorted = values.subarray(0, count).sort();
      medians[column] = quantile(sorted, 0.5);
      deviations[column] = deviation(sorted, medians[column]!);
    }
    context.progress((column + 1) / columns);
  }
  return { season, medians, deviations };
}

const usual = (season: Season | undefined, at: number, columns: number, column: number): number =>
  season ? season.table[partOf(season, at, columns) + column]! : 0;

/** The larger of what the MAD says and what the 98 % point says: a metric that is quiet but for its bursts has a MAD of 0. */
function deviation(sorted: Float32Array, median: number): number {
  const distances = sorted.map((value) => Math.abs(value - median)).sort();
  return Math.max(
    quantile(distances, 0.5) / MAD_OF_NORMAL,
    quantile(distances, 0.96) / Q98_OF_NORMAL,
    LEAST_DEVIATION,
  );
}

class BaselineScorer implements Scorer {
  readonly #model: Baselines;
  readonly #distances: Float32Array;
  readonly #largest = new Float32Array(FEW);

  constructor(model: Baselines) {
    this.#model = model;
    this.#distances = new Float32Array(model.medians.length);
  }

  /** Mean of the largest squared distances. */
  score(row: Float32Array, at: number): number {
    const { season, medians, deviations } = this.#model;
    const part = season ? partOf(season, at, medians.length) : 0;
    const distances = this.#distances;
    const largest = this.#largest.fill(0);
    for (let column = 0; column < distances.length; column++) {
      const expected = medians[column]! + (season ? season.table[part + column]! : 0);
      const distance = Math.min(LIMIT, Math.abs(row[column]! - expected) / deviations[column]!);
      if (Number.isNaN(distance)) {
        distances[column] = 0;
        continue;
      }
      const square = distance * distance;
      distances[column] = square;
      insert(largest, square);
    }
    return largest.reduce((sum, square) => sum + square, 0) / FEW;
  }

  contributions(into: Float32Array): void {
    for (let column = 0; column < into.length; column++) into[column]! += this.#distances[column]!;
  }
}

/** Keeps `largest` the largest values seen, in descending order. */
function insert(largest: Float32Array, value: number): void {
  for (let place = 0, falling = value; place < largest.length; place++) {
    const held = largest[place]!;
    if (falling <= held) continue;
    largest[place] = falling;
    falling = held;
  }
}

function encode({ season, medians, deviations }: Baselines): EncodedModel {
  const { facts, arrays } = encodeSeason(season);
  return { facts, arrays: { ...arrays, medians, deviations } };
}

function decode(encoded: EncodedModel): Baselines {
  const { medians, deviations } = encoded.arrays;
  if (
    !(medians instanceof Float32Array) ||
    !(deviations instanceof Float32Array) ||
    medians.length !== deviations.length
  ) {
    throw new Error(`${NAME}: the parts do not fit together`);
  }
  return { season: decodeSeason(NAME, encoded, medians.length), medians, deviations };
}
