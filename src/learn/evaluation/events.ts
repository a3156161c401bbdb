import { runsOf, type Segment, segmentsOf } from './segments.ts';

/** What a person gets out of the alarms. */
export interface EventCounts {
  /** Labelled segments, and those of them with a flagged row. */
  readonly events: number;
  readonly found: number;
  /** Alarms near no labelled segment. */
  readonly falseAlarms: number;
  /** Days of unlabelled time, over which false alarms are counted. */
  readonly days: number;
  /** Days of unlabelled time in which an alarm was on: whoever is always alarmed finds everything. */
  readonly falseDays: number;
}

/** Whether any row of the segment is flagged. */
export const isFound = (flags: Uint8Array, { first, last }: Segment): boolean =>
  flags.subarray(first, last + 1).some((flag) => flag !== 0);

/**
 * Counts events, not rows: a labelled segment is found if any of its rows is flagged; flags at most `gap` rows apart are one
 * alarm; an alarm is false if no row of it is within `gap` rows of a labelled segment. `perDay` is rows a day.
 */
export function countEvents(flags: Uint8Array, labels: Uint8Array, gap: number, perDay: number): EventCounts {
  const segments = segmentsOf(labels);
  const near = new Uint8Array(labels.length);
  let labelled = 0;
  for (const { first, last } of segments) {
    near.fill(1, Math.max(0, first - gap), last + 1 + gap);
    labelled += last + 1 - first;
  }
  return {
    events: segments.length,
    found: segments.filter((segment) => isFound(flags, segment)).length,
    falseAlarms: runsOf(flags, gap).filter((alarm) => !isFound(near, alarm)).length,
    days: (labels.length - labelled) / perDay,
    falseDays: flags.reduce((rows, flag, row) => rows + (flag && !labels[row] ? 1 : 0), 0) / perDay,
  };
}
