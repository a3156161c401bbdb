import type { Period } from '../learn/assemble.ts';
import type { History } from '../model/history.ts';

/** The score is smoothed over some rows, so that the first of an anomaly lie before its `since`, ms. */
const LEAD_MS = 15_000;
/** So long after an anomaly the load of the last minute still shows it (e^-2 of it at the end), ms. */
const AFTERMATH_MS = 2 * 60_000;

/**
 * When the machine was not itself in a period of its history: each anomaly of the machine with what leads to it and what it leaves
 * behind, or to the end of the period where it is still open. One row of an anomaly among the held-out ones makes a model deaf.
 */
export function unusualPeriods(history: Pick<History, 'anomalies'>, { from, to }: Period): readonly Period[] {
  return history
    .anomalies({ from: from - AFTERMATH_MS, to: to + LEAD_MS })
    .filter(({ kind }) => kind === 'machine')
    .map(({ since, closedAt }) => ({
      from: since - LEAD_MS,
      to: closedAt === undefined ? to : closedAt + AFTERMATH_MS,
    }));
}
