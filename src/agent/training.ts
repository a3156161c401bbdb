import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { TrainingRequest, TrainingRun } from '../learn/learner.ts';

/** What the worker is told. */
export interface TrainingOrder {
  readonly request: TrainingRequest;
  /** Where the history is, and where the model shall be written. */
  readonly dataFolder: string;
  readonly modelFolder: string;
}

/** What the worker tells. */
export type TrainingReport =
  | { readonly type: 'progress'; readonly done: number; readonly step: string }
  | { readonly type: 'model'; readonly path: string };

/** A training that needs more is broken; the daemon must not be killed with it. */
const LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 };

/** Trains in a thread of its own, at the lowest priority. `done` gives the path of the model file. */
export function startTraining(
  order: TrainingOrder,
  onProgress: (done: number, step: string) => void,
): TrainingRun {
  const worker = new Worker(workerFile(), { workerData: order, resourceLimits: LIMITS });
  const done = new Promise<string>((resolve, reject) => {
    worker.on('message', (report: TrainingReport) => {
      if (report.type === 'progress') onProgress(report.done, report.step);
      else resolve(report.path);
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('the training was ended before it had a model')));
  });
  return { done, cancel: () => void worker.terminate() };
}

/** The bundle, beside this file or beside the folder of chunks that this code was bundled into; else the source. */
function workerFile(): URL {
  const places = ['./train-worker.js', '../train-worker.js', './train-worker.ts'];
  const files = places.map((place) => new URL(place, import.meta.url));
  const found = files.find((file) => existsSync(fileURLToPath(file)));
  if (!found)
    throw new Error(
      `${places[0]} is missing beside ${fileURLToPath(import.meta.url)}: install Homeostat anew`,
    );
  return found;
}
