import { parentPort } from 'node:worker_threads';
import { UserError } from '../../lib/errors.ts';
import { evaluateSet } from './evaluate-set.ts';
import type { EvaluationOrder, Outcome } from './order.ts';

/** What the thread tells of an order: its outcomes one by one, then whether it is done. */
export type WorkerReport =
  | { readonly type: 'outcome'; readonly outcome: Outcome }
  | { readonly type: 'done' }
  | { readonly type: 'refused'; readonly message: string; readonly exitCode: UserError['exitCode'] };

/** The thread of an evaluation: takes orders one after the other. */
const tell = (report: WorkerReport): void => parentPort?.postMessage(report);

parentPort?.on('message', (order: EvaluationOrder) => {
  try {
    for (const outcome of evaluateSet(order)) tell({ type: 'outcome', outcome });
    tell({ type: 'done' });
  } catch (error) {
    // Anything else is a defect, and ends the thread with its stack.
    if (!(error instanceof UserError)) throw error;
    tell({ type: 'refused', message: error.message, exitCode: error.exitCode });
  }
});
