import { Worker } from 'node:worker_threads';
import type { CheckpointPlace } from '../learn/checkpoint.ts';
import type { TrainingRequest } from '../learn/learner.ts';
import type { Run } from '../learn/run.ts';
import type { ComparisonRequest } from '../learn/succession.ts';
import { workerFile } from '../lib/worker-file.ts';
import type { Comparison } from '../model/comparison.ts';
import type { DetectorName } from '../model/detector-names.ts';
import type { MachineModel } from '../model/machine-model.ts';
import type { RegisteredModel } from '../model/registered-model.ts';

/** What is to be trained. */
export interface TrainingOrder extends Omit<TrainingRequest, 'phase'> {
  /** Left out: as the usable time that is found allows, with `calibratedAfterMs`. */
  readonly phase?: MachineModel['phase'];
  readonly calibratedAfterMs?: number;
  /** Those that learn; what ships, if left out. */
  readonly detectors?: readonly DetectorName[];
  /** Where the history is: a data folder, or a file of raw telemetry. */
  readonly source: { readonly folder: string } | { readonly file: string };
  /** Where the model shall be written. */
  readonly modelFolder: string;
  readonly trainedBy: RegisteredModel['trainedBy'];
  readonly checkpoint?: CheckpointPlace;
}

/** What is to be compared, on the stored history. */
export interface ComparisonOrder extends ComparisonRequest {
  readonly dataFolder: string;
  readonly modelFolder: string;
}

export interface TrainingResult {
  /** Of the candidate. */
  readonly id: string;
  /** Of a file of telemetry: its lines, those that could not be read, and the first of these. */
  readonly file?: { readonly lines: number; readonly bad: number; readonly examples: readonly string[] };
}

/** What the worker is told. */
export type Order =
  | { readonly type: 'train'; readonly order: TrainingOrder }
  | { readonly type: 'compare'; readonly order: ComparisonOrder };

/** What the worker tells. */
export type Report =
  | { readonly type: 'progress'; readonly done: number; readonly step: string }
  | { readonly type: 'slow'; readonly reason: string }
  | { readonly type: 'result'; readonly result: TrainingResult | Comparison };

/** A training that needs more is broken; the daemon must not be killed with it. */
const LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 };

/**
 * Trains in a thread of its own, at the lowest priority, and leaves a candidate in the model folder. `done` from 0 to 1.
 * `onSlow` is told one line where WebAssembly is refused, so that the networks are trained in plain TypeScript.
 */
export const startTraining = (
  order: TrainingOrder,
  onProgress: (done: number, step: string) => void,
  onSlow: (message: string) => void = () => {},
): Run<TrainingResult> => start({ type: 'train', order }, onProgress, onSlow);

/** Compares in a thread of its own, at the lowest priority. */
export const startComparison = (order: ComparisonOrder): Run<Comparison> =>
  start({ type: 'compare', order }, nothing, nothing);

function start<T extends TrainingResult | Comparison>(
  order: Order,
  onProgress: (done: number, step: string) => void,
  onSlow: (message: string) => void,
): Run<T> {
  const worker = new Worker(workerFile('train-worker', import.meta.url), {
    workerData: order,
    resourceLimits: LIMITS,
  });
  const done = new Promise<T>((resolve, reject) => {
    worker.on('message', (report: Report) => {
      if (report.type === 'progress') onProgress(report.done, report.step);
      else if (report.type === 'slow')
        onSlow(`training without SIMD, several times slower, the same model: ${report.reason}`);
      else resolve(report.result as T);
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error(`the ${NAMES[order.type]} was ended before it had a result`)));
  });
  return { done, cancel: () => void worker.terminate() };
}

const nothing = (): void => {};

const NAMES = { train: 'training', compare: 'comparison' } as const;
