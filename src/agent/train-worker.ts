import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { detectorsNamed } from '../detect/registry.ts';
import { removeCheckpoint } from '../learn/checkpoint.ts';
import { ModelRegistry } from '../learn/model-registry.ts';
import { LONGEST_PAST_MS } from '../learn/past.ts';
import { enoughFor } from '../learn/schedule.ts';
import { train } from '../learn/train.ts';
import { kernels } from '../lib/kernels/load.ts';
import { SHIPPED_DETECTORS } from '../model/detector-names.ts';
import { FEATURES } from '../model/features.ts';
import type { History } from '../model/history.ts';
import { openIncidents } from '../store/incident-file.ts';
import { readJsonl } from '../store/jsonl-history.ts';
import { openHistory } from '../store/store.ts';
import { compareOnHistory } from './comparison.ts';
import type { Order, Report, TrainingOrder, TrainingResult } from './training.ts';
import { type IncidentList, unusualPeriods } from './unusual-periods.ts';

/** How far the reading of a file is, in the whole. */
const READ = 0.3;

/** The thread beside: reads the history, learns or compares, and says how far it is. */
const tell = (report: Report): void => parentPort?.postMessage(report);

yieldToOthers();
const { type, order } = workerData as Order;
tell({ type: 'result', result: type === 'train' ? await trainAsOrdered(order) : compareOnHistory(order) });

async function trainAsOrdered(order: TrainingOrder): Promise<TrainingResult> {
  const { source } = order;
  const { reason } = kernels();
  if (reason !== undefined) tell({ type: 'slow', reason });
  if ('folder' in source) {
    const history = openHistory(source.folder);
    const incidents = openIncidents(source.folder);
    try {
      return { id: trainOn(history, order, incidents) };
    } finally {
      incidents?.close();
      history.close();
    }
  }
  const { from, to } = order;
  const file = await readJsonl(source.file, {
    period: { from, to },
    seconds: new Set(FEATURES.map(({ key }) => key)),
    progress: (done, lines) => tell({ type: 'progress', done: done * READ, step: `reading line ${lines}` }),
  });
  const period = { from: file.from, to: file.to, stepSeconds: file.stepSeconds };
  const id = trainOn(file.history, { ...order, ...period });
  return { id, file: { lines: file.lines, bad: file.bad, examples: file.examples } };
}

function trainOn(history: History, order: TrainingOrder, incidents?: IncidentList): string {
  const { source, phase, calibratedAfterMs, checkpoint } = order;
  const fromFile = 'file' in source;
  const begin = fromFile ? READ : 0;
  const model = train(history, {
    ...order,
    phase: phase ?? ((usableMs) => enoughFor(usableMs, calibratedAfterMs)),
    source: fromFile ? { kind: 'file', name: basename(source.file) } : { kind: 'history' },
    features: FEATURES,
    detectors: detectorsNamed(order.detectors ?? SHIPPED_DETECTORS),
    exclude: unusualPeriods(history, incidents, { from: order.from - LONGEST_PAST_MS, to: order.to }),
    progress: (done, step) => tell({ type: 'progress', done: begin + (1 - begin) * done, step }),
  });
  const { modelFolder, trainedBy, reason } = order;
  const { id } = new ModelRegistry(modelFolder).add({ model, trainedBy, reason, at: Date.now() });
  if (checkpoint) removeCheckpoint(checkpoint.path);
  return id;
}

/** On Linux priority is a matter of the thread, and 0 is the calling one; elsewhere it would slow the whole daemon. */
function yieldToOthers(): void {
  if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW);
}
