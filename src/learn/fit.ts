import { levelOf } from '../lib/return-period.ts';
import { digitsOf } from '../lib/tail.ts';
import type { Detector, EncodedModel } from '../model/detector.ts';
import type { DetectorPart, MachineModel } from '../model/machine-model.ts';
import type { Matrix } from '../model/matrix.ts';
import { type Scaling, standardise } from '../model/scaling.ts';
import { lowSeconds } from '../model/severity.ts';
import { calibrate, rawScores } from './calibrate.ts';
import { type ColumnRule, fitScaling } from './fit-scaling.ts';
import { splitByTime } from './split.ts';

export interface FitOptions {
  readonly rules: readonly ColumnRule[];
  readonly detectors: readonly Detector[];
  readonly stepSeconds: number;
  readonly seed: number;
  /** `done` from 0 to 1. */
  progress(done: number, step: string): void;
  readonly notes?: FitNotes;
  /** Coarser rows of a longer time, up to the end of the training: `LearnContext.past`, but in the series' units. */
  readonly past?: Matrix;
}

/** What a training writes down as it goes. */
export interface FitNotes {
  /** A detector that an interrupted training has learned from the same rows, with the same seed. */
  learned(name: string): EncodedModel | undefined;
  keep(name: string, encoded: EncodedModel): void;
  /** The mean loss of a detector on either block, after an epoch (from 1). */
  loss(name: string, epoch: number, train: number, validate: number): void;
}

/** What can be learned from rows alone. */
export type FittedModel = Pick<
  MachineModel,
  | 'scaling'
  | 'detectors'
  | 'calibration'
  | 'suggestedThreshold'
  | 'features'
  | 'seed'
  | 'stepSeconds'
  | 'rows'
>;

/**
 * Learns scaling, detectors and calibration from rows in the order of time. The same rows and seed give the same model.
 * Standardises `matrix` and `past` in place: a day of rows is too large to keep twice beside a running daemon.
 */
export function fit(matrix: Matrix, options: FitOptions): FittedModel {
  const { rules, detectors, stepSeconds, seed, progress, notes, past } = options;
  const scaling = fitScaling(splitByTime(matrix).train, rules);
  standardiseAll(scaling, matrix);
  if (past) standardiseAll(scaling, past);
  const { train, validate, calibrate: held } = splitByTime(matrix);
  const share = 1 / (detectors.length + 1);
  const models = detectors.map((detector, index) => {
    const { name } = detector;
    const learned = notes?.learned(name);
    if (learned) return detector.decode(learned);
    const model = detector.learn(train, validate, {
      seed: seed + index,
      ...(past && { past }),
      progress: (done) => progress((index + done) * share, `learning: ${name}`),
      loss: (epoch, onTrain, onValidate) => notes?.loss(name, epoch, onTrain, onValidate),
    });
    notes?.keep(name, detector.encode(model));
    return model;
  });
  progress(detectors.length * share, 'calibrating');
  const scorers = detectors.map((detector, index) => detector.scorer(models[index]));
  const weights = detectors.map(({ weight }) => weight);
  const { opinions, calibration } = calibrate(rawScores(scorers, held), weights, stepSeconds);
  progress(1, 'done');
  return {
    features: rules.map(({ key }) => key),
    rows: matrix.rows,
    scaling,
    detectors: detectors.map(
      (detector, index): DetectorPart => ({
        name: detector.name,
        encoded: detector.encode(models[index]),
        ...opinions[index]!,
      }),
    ),
    calibration,
    suggestedThreshold: digitsOf(
      calibration.combined,
      levelOf(calibration.returns, lowSeconds(calibration.returns.longest)),
    ),
    seed,
    stepSeconds,
  };
}

function standardiseAll(scaling: Scaling, { rows, columns, data }: Matrix): void {
  for (let row = 0; row < rows; row++) {
    const values = data.subarray(row * columns, (row + 1) * columns);
    standardise(scaling, values, values);
  }
}
