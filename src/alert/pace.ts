import { SEVERITY_SECONDS } from '../model/severity.ts';

/** The spans of time by which an anomaly opens and closes. */
export interface Pace {
  /** Rows with a severity, of the last `window`, that open an anomaly. */
  readonly persistence: { readonly rows: number; readonly window: number };
  /** A row further from the one before it than this is behind a gap: time in which nothing was seen is not quiet. ms. */
  readonly longestStepMs: number;
  /** Unusual rows before the opening belong to it unless they are further apart than this, ms. */
  readonly lullMs: number;
  /** A row whose score comes once in so many seconds keeps it open. At most what any severity asks for: that is the hysteresis. */
  readonly unusualSeconds: number;
  /** So long must rows be usual before it closes, ms. */
  readonly quietMs: number;
}

/** So long must a machine that is looked at each second be unusual, of so long, before anybody is told. Seconds. */
const PERSISTENT = 4;
const OF = 6;
const LONGEST_STEPS = 15;
const LULL_STEPS = 30;
/** One row of so many is unusual. Of minutes that is more than a day: there the severity itself is the limit. */
const UNUSUAL_STEPS = 1800;
const QUIET_MS = 60_000;
/** Where a row takes longer than the seconds that quiet takes: so many rows, or as many as this time has. */
const QUIET_STEPS = 10;
const LONG_QUIET_MS = 600_000;

/**
 * For rows `stepSeconds` apart. A row that stands for a minute has lasted by itself; none needs others to bear it out.
 * `alarmSeconds`: how rare a score must be to alarm.
 */
export function paceOf(stepSeconds: number, alarmSeconds = SEVERITY_SECONDS.LOW): Pace {
  const stepMs = stepSeconds * 1000;
  const rowsIn = (seconds: number): number => Math.max(1, Math.round(seconds / stepSeconds));
  return {
    persistence: { rows: rowsIn(PERSISTENT), window: rowsIn(OF) },
    longestStepMs: LONGEST_STEPS * stepMs,
    lullMs: LULL_STEPS * stepMs,
    unusualSeconds: Math.min(SEVERITY_SECONDS.LOW, alarmSeconds, UNUSUAL_STEPS * stepSeconds),
    quietMs: Math.max(QUIET_MS, Math.min(LONG_QUIET_MS, QUIET_STEPS * stepMs)),
  };
}
