/** The spans of time by which an anomaly opens and closes. */
export interface Pace {
  /** Rows with a severity, of the last `window`, that open an anomaly. */
  readonly persistence: { readonly rows: number; readonly window: number };
  /** A row further from the one before it than this is behind a gap: time in which nothing was seen is not quiet. ms. */
  readonly longestStepMs: number;
  /** Unusual rows before the opening belong to it unless they are further apart than this, ms. */
  readonly lullMs: number;
  /** So long must rows be usual before it closes, ms. */
  readonly quietMs: number;
}

/** So long must a machine that is looked at each second be unusual, of so long, before anybody is told. Seconds. */
const PERSISTENT = 4;
const OF = 6;
const LONGEST_STEPS = 15;
const LULL_STEPS = 30;
const QUIET_MS = 60_000;
/** Fewer rows than that are no quiet, however long they last. */
const QUIET_STEPS = 10;

/** For rows `stepSeconds` apart. A row that stands for a minute has lasted by itself; none needs others to bear it out. */
export function paceOf(stepSeconds: number): Pace {
  const stepMs = stepSeconds * 1000;
  const rowsIn = (seconds: number): number => Math.max(1, Math.round(seconds / stepSeconds));
  return {
    persistence: { rows: rowsIn(PERSISTENT), window: rowsIn(OF) },
    longestStepMs: LONGEST_STEPS * stepMs,
    lullMs: LULL_STEPS * stepMs,
    quietMs: Math.max(QUIET_MS, QUIET_STEPS * stepMs),
  };
}
