import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { UserError } from '../../lib/errors.ts';
import { workerFile } from '../../lib/worker-file.ts';
import type { WorkerReport } from './evaluate-worker.ts';
import type { EvaluationOrder, Outcome } from './order.ts';

/** What a thread takes that holds a set and learns from it. */
const BYTES_A_THREAD = 400e6;

/** As many threads as the machine has cores and memory for. */
export function defaultJobs(): number {
  const fitting = Math.floor(process.availableMemory() / BYTES_A_THREAD);
  return Math.max(1, Math.min(availableParallelism(), fitting));
}

export interface PoolOptions {
  readonly jobs: number;
  readonly onOutcome: (outcome: Outcome) => void;
  /** Resolves when somebody wants it to end. */
  readonly stopped: Promise<string>;
}

/**
 * Has the orders done by threads, the next one by whichever is free. Rejects with the first thing that went wrong, or when it
 * is stopped; no thread is left then.
 */
export async function inThreads(
  orders: readonly EvaluationOrder[],
  { jobs, onOutcome, stopped }: PoolOptions,
): Promise<void> {
  const left = [...orders];
  const workers: Worker[] = [];
  const serve = async (): Promise<void> => {
    const worker = new Worker(workerFile('evaluate-worker', import.meta.url));
    workers.push(worker);
    for (let order = left.shift(); order; order = left.shift()) await carryOut(worker, order, onOutcome);
  };
  const stop = stopped.then((reason) => {
    throw new UserError(`stopped by ${reason}; what is written is whole`, 1);
  });
  try {
    const threads = Array.from({ length: Math.min(jobs, orders.length) }, serve);
    await Promise.race([Promise.all(threads), stop]);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function carryOut(
  worker: Worker,
  order: EvaluationOrder,
  onOutcome: (outcome: Outcome) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error(`the thread of set '${order.set.name}' ended by itself`));
    worker.removeAllListeners().on('error', reject).on('exit', onExit);
    worker.on('message', (report: WorkerReport) => {
      if (report.type === 'done') resolve();
      else if (report.type === 'refused') reject(new UserError(report.message, report.exitCode));
      else {
        try {
          onOutcome(report.outcome);
        } catch (error) {
          reject(error);
        }
      }
    });
    worker.postMessage(order);
  });
}
