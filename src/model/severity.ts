import type { Severity } from './anomaly.ts';

const DAY = 86_400;

/**
 * From which return period on a score has each severity: how rarely this machine's own history reaches such a score.
 * LOW: once a day or rarer. MEDIUM: once a week or rarer. HIGH: once in 30 days or rarer.
 */
export const SEVERITY_SECONDS: Readonly<Record<Severity, number>> = {
  LOW: DAY,
  MEDIUM: 7 * DAY,
  HIGH: 30 * DAY,
};

/** The rarest that a model must call a score to be LOW: what is as rare as it can tell, where that is less than a day (`reachSeconds`). */
export const lowSeconds = (reachSeconds: number): number => Math.min(SEVERITY_SECONDS.LOW, reachSeconds);

/**
 * The severity of a score that is reached once in `returnPeriodSeconds`; undefined where it happens more than once a day. `reachSeconds` is the longest
 * return period that the model gives.
 */
export function severityOf(
  returnPeriodSeconds: number,
  reachSeconds = Number.POSITIVE_INFINITY,
): Severity | undefined {
  if (returnPeriodSeconds >= SEVERITY_SECONDS.HIGH) return 'HIGH';
  if (returnPeriodSeconds >= SEVERITY_SECONDS.MEDIUM) return 'MEDIUM';
  if (returnPeriodSeconds >= lowSeconds(reachSeconds)) return 'LOW';
  return undefined;
}
