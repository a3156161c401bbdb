import type { ExcludedPeriod, Period } from '../learn/assemble.ts';
import type { History } from '../model/history.ts';
import type { Incident } from '../model/incident.ts';

/** The score is smoothed over some rows, so that the first of an anomaly lie before its `since`, ms. */
const LEAD_MS = 15_000;
/** So long after an anomaly the load of the last minute still shows it (e^-2 of it at the end), ms. */
const AFTERMATH_MS = 2 * 60_000;

/** Where incidents are found. */
export interface IncidentList {
  list(query: { readonly from?: number; readonly to?: number }): readonly Incident[];
}

/**
 * When the machine was not itself in a period of its history: each anomaly of the machine, and each incident that it is part of, with what leads to it
 * and what it leaves behind, or to the end of the period where it is still open. One row of an anomaly among the held-out ones makes
 * a model deaf. What a person called normal is left in; what a person confirmed is left out, however long it lasted.
 */
export function unusualPeriods(
  history: Pick<History, 'anomalies'>,
  incidents: IncidentList | undefined,
  { from, to }: Period,
): readonly ExcludedPeriod[] {
  const asked = { from: from - AFTERMATH_MS, to: to + LEAD_MS };
  const kept = incidents?.list(asked) ?? [];
  const grouped = kept.filter(isOfMachine);
  const known = kept.filter((one) => one.verdict === 'normal' || isOfMachine(one));
  const settled = new Set(known.flatMap(({ signals }) => signals.map(({ id }) => id)));
  const alone = history.anomalies(asked).filter(({ kind, id }) => kind === 'machine' && !settled.has(id));
  return [...alone, ...grouped].map((one) => ({
    from: one.since - LEAD_MS,
    to: one.closedAt === undefined ? to : one.closedAt + AFTERMATH_MS,
    ...('verdict' in one && one.verdict === 'confirmed' && { isReal: true as const }),
  }));
}

/** Since when the machine is not itself by what is open; undefined: it is. Of what a person confirmed nothing ever becomes usual: that is since `at`. */
export function unusualSince(open: readonly Incident[], at: number): number | undefined {
  const since = open.filter(isOfMachine).map((one) => (one.verdict === 'confirmed' ? at : one.since));
  return since.length === 0 ? undefined : Math.max(...since);
}

/** Whether the machine itself is unusual while an incident is open: what one process did is no reason to leave out the machine. */
const isOfMachine = ({ signals, verdict }: Incident): boolean =>
  verdict === 'confirmed' ||
  (verdict !== 'normal' && signals.some(({ kind }) => kind === 'machine' || kind === 'threshold'));
