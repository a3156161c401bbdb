import type { ReturnPeriods } from '../lib/return-period.ts';
import type { Tail } from '../lib/tail.ts';
import type { Opinion, Smoothing } from './combination.ts';
import type { EncodedModel } from './detector.ts';
import type { DriftReference } from './drift.ts';
import type { ModelSummary } from './learning.ts';
import type { ModelCard } from './model-card.ts';
import type { Scaling } from './scaling.ts';
import type { Band } from './score.ts';

/** One detector's part of a model. */
export interface DetectorPart extends Opinion {
  readonly name: string;
  readonly encoded: EncodedModel;
}

/** What a calibration made of rows that it was not told of. */
export interface TestedAlarms {
  /** How long these rows were. */
  readonly seconds: number;
  /** Excursions rarer than once in so many seconds were counted. */
  readonly level: number;
  /** Once in how many seconds each of them should have come, rarest first. */
  readonly reached: readonly number[];
}

/** How the detectors' opinions become one score, learned on held-out rows. */
export interface Calibration extends Smoothing {
  /** Of the combined opinion: the digits of a single row. */
  readonly combined: Tail;
  /** Of the combined opinion: how often excursions reach a level. */
  readonly returns: ReturnPeriods;
  /** Held-out rows that all of this was learned from. */
  readonly rows: number;
  /** How it did on rows that it was not told of. Left out of models that earlier versions wrote. */
  readonly tested?: TestedAlarms;
}

/** Everything that was learned about a machine; what a model file holds. */
export interface MachineModel {
  readonly id: string;
  readonly phase: 'provisional' | 'calibrated';
  /** ms since the epoch. */
  readonly trainedAt: number;
  readonly trainedFrom: number;
  readonly trainedTo: number;
  /** Rows used, held-out ones included, and the seconds between them. */
  readonly rows: number;
  readonly stepSeconds: number;
  readonly seed: number;
  /** Keys of the series that make a row, in the order of its columns. */
  readonly features: readonly string[];
  readonly scaling: Scaling;
  readonly detectors: readonly DetectorPart[];
  readonly calibration: Calibration;
  /** The score (`Score.value`) from which on a row is LOW or worse. */
  readonly suggestedThreshold: number;
  /** Where each series seen in the training period usually is, by its key. */
  readonly bands: Readonly<Record<string, Band>>;
  /** Left out of models that earlier versions wrote. */
  readonly drift?: DriftReference;
  readonly card?: ModelCard;
}

export function summaryOf(model: MachineModel): ModelSummary {
  const { id, phase, trainedAt, trainedFrom, trainedTo, rows, features, detectors } = model;
  return {
    id,
    phase,
    trainedAt,
    trainedFrom,
    trainedTo,
    rows,
    features: features.length,
    detectors: detectors.map(({ name }) => name),
  };
}
