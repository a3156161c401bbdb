import { duration } from '../lib/text.ts';
import type { Detector } from '../model/detector.ts';
import type { History } from '../model/history.ts';
import type { MachineModel } from '../model/machine-model.ts';
import { type Matrix, usualStepMs } from '../model/matrix.ts';
import type { Series } from '../model/metric.ts';
import type { ModelCard } from '../model/model-card.ts';
import { assemble, type ExcludedPeriod, type Period } from './assemble.ts';
import { bandsOfHistory, bandsOfMatrix } from './bands.ts';
import { cardOf } from './card.ts';
import { Checkpoint, type CheckpointPlace } from './checkpoint.ts';
import { driftReference } from './drift.ts';
import { fit } from './fit.ts';
import { ruleOf } from './fit-scaling.ts';
import { assemblePast } from './past.ts';
import { newNormalMs } from './schedule.ts';
import { splitByTime } from './split.ts';
import { TrainingNotes } from './training-notes.ts';

export interface TrainingOptions {
  /** The columns of a row. Those that the history does not have in this period are left out of the model. */
  readonly features: readonly Series[];
  readonly detectors: readonly Detector[];
  /** ms since the epoch, inclusive and exclusive. */
  readonly from: number;
  readonly to: number;
  /** The shortest time between rows. */
  readonly stepSeconds: number;
  readonly seed: number;
  /** What the model may call itself, perhaps by the usable time that it was trained on, ms. */
  readonly phase: MachineModel['phase'] | ((usableMs: number) => MachineModel['phase']);
  /** Not normal, and not to be learned: periods of anomalies, also of the weeks before. */
  readonly exclude?: readonly ExcludedPeriod[];
  /** Where the history comes from; the stored one, if left out. */
  readonly source?: ModelCard['source'];
  /** Keeps each detector that is finished, and goes on after those that an interrupted training had finished. */
  readonly checkpoint?: CheckpointPlace;
  /** `done` from 0 to 1. */
  progress(done: number, step: string): void;
}

/** Fewer rows than this teach nothing. */
const LEAST_ROWS = 60;
/** How far the reading of the history is, in the whole. */
const READ = 0.15;
const BANDS = 0.25;

/**
 * history -> model: the same history, options and seed give the same model, bit for bit.
 * Throws where the history has too few usable rows.
 */
export function train(history: History, options: TrainingOptions): MachineModel {
  const { detectors, from, to, seed, progress } = options;
  const period = { from, to };
  progress(0, 'reading the history');
  const seen = history.series().filter(({ firstAt, lastAt }) => firstAt < to && lastAt >= from);
  const seenKeys = new Set(seen.map(({ key }) => key));
  const features = options.features.filter(({ key }) => seenKeys.has(key));
  const keys = features.map(({ key }) => key);
  const abnormal = worthExcluding(options.exclude ?? [], period);
  const excluded = abnormal.filter((one) => one.to > from && one.from < to);
  const matrix = assemble(history, keys, period, options.stepSeconds, excluded);
  if (matrix.rows < LEAST_ROWS) {
    throw new Error(
      `only ${matrix.rows} usable rows in ${duration(to - from)} of history; at least ${LEAST_ROWS} are needed`,
    );
  }
  // On battery, or as a person set it, samples come more seldom than once a second.
  const stepSeconds = Math.max(options.stepSeconds, Math.round(usualStepMs(matrix) / 1000));
  progress(READ, 'learning the bands');
  const featureKeys = new Set(keys);
  const others = seen.map(({ key }) => key).filter((key) => !featureKeys.has(key));
  const bands = { ...bandsOfHistory(history, others, period), ...bandsOfMatrix(matrix, keys) };
  const past = pastOf(history, keys, splitByTime(matrix).train, abnormal);
  const notes = new TrainingNotes(checkpointOf(matrix, past, keys, options));
  const fitted = fit(matrix, {
    ...(past && { past }),
    rules: features.map(ruleOf),
    detectors,
    stepSeconds,
    seed,
    notes,
    progress: (done, step) => progress(BANDS + (1 - BANDS) * done, step),
  });
  const phase =
    typeof options.phase === 'string' ? options.phase : options.phase(matrix.rows * stepSeconds * 1000);
  const source = options.source ?? { kind: 'history' };
  return {
    id: modelId(to, phase),
    phase,
    trainedAt: to,
    trainedFrom: from,
    trainedTo: to,
    bands,
    ...fitted,
    // `fit` has left the rows standardised.
    drift: driftReference(matrix, stepSeconds),
    card: cardOf(matrix, period, excluded, stepSeconds, source, notes.losses),
  };
}

/** Up to the end of the rows that train, as what is held out stays unseen; none where they reach as far back themselves. */
function pastOf(
  history: History,
  keys: readonly string[],
  { at }: Matrix,
  abnormal: readonly Period[],
): Matrix | undefined {
  const past = assemblePast(history, keys, at.at(-1)!, abnormal);
  return past && past.at[0]! < at[0]! ? past : undefined;
}

function checkpointOf(
  matrix: Matrix,
  past: Matrix | undefined,
  keys: readonly string[],
  { checkpoint, seed, stepSeconds, detectors }: TrainingOptions,
): Checkpoint | undefined {
  const names = detectors.map(({ name }) => name);
  return (
    checkpoint &&
    new Checkpoint(checkpoint, past ? [matrix, past] : [matrix], { keys, seed, stepSeconds, names })
  );
}

/** What has become the new normal is learned: left out for ever, it could never be learned and would never end. What a person confirmed never does. */
function worthExcluding(exclude: readonly ExcludedPeriod[], { from, to }: Period): readonly Period[] {
  return exclude.filter((one) => one.isReal || one.to - one.from < newNormalMs(to - from));
}

/** Sorts by time: `20260314T091500Z-calibrated`. */
function modelId(at: number, phase: string): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z-${phase}`;
}
