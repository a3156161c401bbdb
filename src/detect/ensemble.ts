import { returnPeriod } from '../lib/return-period.ts';
import { digitsOf } from '../lib/tail.ts';
import { Combination, smoothingShare } from '../model/combination.ts';
import type { Detector, Scorer } from '../model/detector.ts';
import type { MachineModel } from '../model/machine-model.ts';
import { type Scaling, standardise } from '../model/scaling.ts';
import type { Contribution, Score } from '../model/score.ts';
import { DETECTORS } from './registry.ts';

/** Scores rows one after the other with everything that a model knows. */
export interface Ensemble {
  /** Keys of the series that make a row, in the order of its columns. */
  readonly features: readonly string[];
  /**
   * `row` has one value for each feature, in the series' unit, NaN where it is missing; it is not kept.
   * `at` is the wall clock in ms: after a gap, and after a clock that jumped, the smoothing starts anew.
   */
  score(row: Float32Array, at: number): Score;
  /** It is not asked to score any more. */
  close(): void;
}

/** What an ensemble needs of a model: all but what says where it came from. */
export type Scored = Pick<
  MachineModel,
  'features' | 'scaling' | 'detectors' | 'calibration' | 'stepSeconds' | 'bands'
>;

/** Rows missing for longer than this many steps are a gap. */
const GAP_STEPS = 15;
/**
 * In an explanation a metric's strangeness is measured by so many of the changes that matter at the least: the one that hardly ever
 * moved, and now did a little, is not what a person is looking for.
 */
const EXPLAINED_FROM = 3;

/** Throws where the model names a detector that this version does not have, or its parts do not fit together. */
export function createEnsemble(model: Scored, detectors: readonly Detector[] = DETECTORS): Ensemble {
  return new ModelEnsemble(model, detectors);
}

class ModelEnsemble implements Ensemble {
  readonly features: readonly string[];
  readonly #model: Scored;
  readonly #names: readonly string[];
  readonly #scorers: readonly Scorer[];
  readonly #combination: Combination;
  readonly #scaled: Float32Array;
  readonly #raw: Float64Array;
  readonly #gapMs: number;
  /** Of each metric, how much of its strangeness counts in an explanation. */
  readonly #says: Float32Array;
  /** Of each detector, what its metrics contributed at their highest within the rows that the score is smoothed over. */
  readonly #peaks: readonly Float32Array[];
  readonly #part: Float32Array;
  readonly #keep: number;
  #observed: Float32Array;
  #lastAt = Number.NaN;
  /** Counts rows: an explanation is of the last one only. */
  #rows = 0;

  constructor(model: Scored, detectors: readonly Detector[]) {
    this.features = model.features;
    this.#model = model;
    this.#names = model.detectors.map(({ name }) => name);
    this.#scorers = model.detectors.map(({ name, encoded }) => {
      const detector = detectors.find((candidate) => candidate.name === name);
      if (!detector)
        throw new Error(`the model needs the detector ${name}, which this version does not have`);
      return detector.scorer(detector.decode(encoded));
    });
    this.#combination = new Combination(model.detectors, model.calibration);
    this.#scaled = new Float32Array(model.features.length);
    this.#observed = new Float32Array(model.features.length);
    this.#raw = new Float64Array(model.detectors.length);
    this.#gapMs = GAP_STEPS * model.stepSeconds * 1000;
    this.#says = says(model.scaling);
    this.#peaks = this.#scorers.map(() => new Float32Array(model.features.length));
    this.#part = new Float32Array(model.features.length);
    this.#keep = 1 - smoothingShare(model.calibration.smoothingRows);
  }

  score(row: Float32Array, at: number): Score {
    if (!(Math.abs(at - this.#lastAt) <= this.#gapMs)) {
      this.#combination.restart();
      for (const peaks of this.#peaks) peaks.fill(0);
    }
    this.#lastAt = at;
    this.#observed.set(row);
    standardise(this.#model.scaling, row, this.#scaled);
    for (let index = 0; index < this.#scorers.length; index++) {
      this.#raw[index] = this.#scorers[index]!.score(this.#scaled, at);
      this.#remember(index);
    }
    const combined = this.#combination.add(this.#raw);
    const digits: Record<string, number> = {};
    for (let index = 0; index < this.#names.length; index++) {
      digits[this.#names[index]!] = this.#combination.digits[index]!;
    }
    const rowNumber = ++this.#rows;
    let explained: readonly Contribution[] | undefined;
    return {
      at,
      value: digitsOf(this.#model.calibration.combined, combined),
      returnPeriodSeconds: returnPeriod(this.#model.calibration.returns, combined),
      detectors: digits,
      explain: () => {
        if (explained) return explained;
        if (rowNumber !== this.#rows) throw new Error('a score is explained before the next row is scored');
        explained = this.#explain();
        return explained;
      },
    };
  }

  close(): void {
    for (const scorer of this.#scorers) scorer.close?.();
  }

  /** The row with the highest score is not the one in which most broke: the score is a mean over several. */
  #remember(index: number): void {
    const scorer = this.#scorers[index]!;
    if (!scorer.contributions) return;
    const peaks = this.#peaks[index]!;
    const part = this.#part.fill(0);
    scorer.contributions(part);
    for (let column = 0; column < part.length; column++)
      peaks[column] = Math.max(part[column]! * this.#says[column]!, peaks[column]! * this.#keep);
  }

  /** Each detector that can say what it saw has as much of a say as it gave to the score. */
  #explain(): readonly Contribution[] {
    const total = new Float64Array(this.features.length);
    let digits = 0;
    for (let index = 0; index < this.#peaks.length; index++) {
      const part = this.#peaks[index]!;
      let sum = 0;
      for (const value of part) sum += value;
      const weight = this.#model.detectors[index]!.weight * this.#combination.digits[index]!;
      if (!(sum > 0) || weight <= 0) continue;
      digits += weight;
      for (let column = 0; column < part.length; column++) total[column]! += (weight * part[column]!) / sum;
    }
    if (digits === 0) return [];
    return this.features
      .map((metric, column) => ({
        metric,
        observed: this.#observed[column]!,
        expected: this.#model.bands[metric] ?? { low: Number.NaN, median: Number.NaN, high: Number.NaN },
        share: total[column]! / digits,
      }))
      .filter(({ share }) => share > 0)
      .sort((one, other) => other.share - one.share);
  }
}

/** Squared, as contributions are squares or nearly so. */
function says({ deviations, matters }: Scaling): Float32Array {
  return Float32Array.from(deviations, (deviation, column) =>
    matters ? Math.min(1, deviation / (EXPLAINED_FROM * matters[column]!)) ** 2 : 1,
  );
}
