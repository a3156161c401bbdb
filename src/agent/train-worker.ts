import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { DETECTORS } from '../detect/registry.ts';
import type { Period } from '../learn/assemble.ts';
import { saveModel } from '../learn/model-folder.ts';
import { train } from '../learn/train.ts';
import { FEATURES } from '../model/features.ts';
import type { History } from '../model/history.ts';
import { openHistory } from '../store/store.ts';
import type { TrainingOrder, TrainingReport } from './training.ts';

/** The training's thread: reads the history, learns, writes the model file, and says how far it is. */
const { request, dataFolder, modelFolder } = workerData as TrainingOrder;

const tell = (report: TrainingReport): void => parentPort?.postMessage(report);

yieldToOthers();
const history = openHistory(dataFolder);
try {
  const model = train(history, {
    ...request,
    features: FEATURES,
    detectors: DETECTORS,
    exclude: anomalies(history),
    progress: (done, step) => tell({ type: 'progress', done, step }),
  });
  tell({ type: 'model', path: saveModel(modelFolder, model) });
} finally {
  history.close();
}

/** On Linux priority is a matter of the thread, and 0 is the calling one; elsewhere it would slow the whole daemon. */
function yieldToOthers(): void {
  if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW);
}

/** From the first unusual row to the end, or to the end of the period where it is still open. */
function anomalies(from: History): readonly Period[] {
  return from
    .anomalies({ from: request.from, to: request.to })
    .filter(({ kind }) => kind === 'machine')
    .map(({ since, closedAt }) => ({ from: since, to: closedAt ?? request.to }));
}
