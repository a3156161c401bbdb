import type { Detector, LearnContext } from '../model/detector.ts';
import type { Matrix } from '../model/matrix.ts';
import { firstDirection, ResidualScorer, type Viewer } from './residual.ts';
import { decodeSeason, encodeSeason, hasTakenOffSwing, learnSeason, partOf, type Season } from './season.ts';

/**
 * How far the metrics are from their usual levels, or from those of this time of the day where the machine follows the clock, less
 * the one direction in which they all swing together. It keeps on seeing what stays.
 */
export interface LevelResidual {
  /** Root mean square of each metric in training, with a floor. */
  readonly deviations: Float32Array;
  /** The common swing: a unit vector; all 0 where the season has taken it off already. */
  readonly direction: Float32Array;
  readonly season: Season | undefined;
}

const NAME = 'level-residual';
const LEAST_DEVIATION = 0.6;
const MOST_ROWS = 20_000;

export function createLevelResidual(): Detector<LevelResidual> {
  return {
    name: NAME,
    weight: 0.5,
    learn,
    scorer: (model) => new ResidualScorer(new LevelViewer(model), model.direction, true),
    encode: ({ deviations, direction, season }) => {
      const { facts, arrays } = encodeSeason(season);
      return { facts, arrays: { ...arrays, deviations, direction } };
    },
    decode: (encoded) => {
      const { deviations, direction } = encoded.arrays;
      if (
        !(deviations instanceof Float32Array) ||
        !(direction instanceof Float32Array) ||
        deviations.length !== direction.length
      )
        throw new Error(`${NAME}: the parts do not fit together`);
      return { deviations, direction, season: decodeSeason(NAME, encoded, direction.length) };
    },
  };
}

function learn(train: Matrix, validate: Matrix, { past, progress }: LearnContext): LevelResidual {
  const { rows, columns, data, at } = train;
  const season = learnSeason(train, validate, past);
  progress(0.5);
  const one = new Float32Array(columns).fill(1);
  const viewer = new LevelViewer({ deviations: one, season });
  const row = new Float32Array(columns);
  const stride = Math.max(1, Math.floor(rows / MOST_ROWS));
  const kept = new Float32Array(Math.ceil(rows / stride) * columns);
  const squares = new Float64Array(columns);
  const counts = new Float64Array(columns);
  for (let index = 0; index < rows; index += stride) {
    viewer.show(
      data.subarray(index * columns, (index + 1) * columns),
      at[index]!,
      Number.POSITIVE_INFINITY,
      row,
    );
    for (let column = 0; column < columns; column++) {
      const value = row[column]!;
      if (Number.isNaN(value)) continue;
      squares[column]! += value * value;
      counts[column]!++;
      kept[(index / stride) * columns + column] = value;
    }
  }
  const deviations = Float32Array.from(squares, (sum, column) =>
    Math.max(LEAST_DEVIATION, Math.sqrt(sum / Math.max(1, counts[column]!))),
  );
  for (let index = 0; index < kept.length; index++) kept[index]! /= deviations[index % columns]!;
  const direction = hasTakenOffSwing(season, past)
    ? new Float32Array(columns)
    : firstDirection(kept, columns);
  progress(1);
  return { deviations, direction, season };
}

class LevelViewer implements Viewer {
  readonly #deviations: Float32Array;
  readonly #season: Season | undefined;

  constructor({ deviations, season }: Pick<LevelResidual, 'deviations' | 'season'>) {
    this.#deviations = deviations;
    this.#season = season;
  }

  show(row: Float32Array, at: number, limit: number, into: Float32Array): void {
    const season = this.#season;
    const part = season ? partOf(season, at, into.length) : 0;
    for (let column = 0; column < into.length; column++) {
      const usual = season ? season.table[part + column]! : 0;
      const value = (row[column]! - usual) / this.#deviations[column]!;
      into[column] = value > limit ? limit : value < -limit ? -limit : value;
    }
  }
}
