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

/** The severity of a score that is reached once in `returnPeriodSeconds`; undefined where it happens more than once a day. */
export function severityOf(returnPeriodSeconds: number): Severity | undefined {
  if (returnPeriodSeconds >= SEVERITY_SECONDS.HIGH) return 'HIGH';
  if (returnPeriodSeconds >= SEVERITY_SECONDS.MEDIUM) return 'MEDIUM';
  if (returnPeriodSeconds >= SEVERITY_SECONDS.LOW) return 'LOW';
  return undefined;
}
