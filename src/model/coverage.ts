/** Something that a collector could not see, why, and what would mend it. */
export interface BlindSpot {
  readonly what: string;
  readonly why: string;
  readonly remedy?: string;
  /** A whole subject is unseen (processes hidden, a file system that hangs), not a detail of it. */
  readonly severe?: boolean;
}

/** How a collector fared the last time. */
export interface CollectorReport {
  readonly collector: string;
  /** When it last ended, ms since the epoch. */
  readonly at: number;
  /** Wall time of its last run, ms. */
  readonly durationMs: number;
  /** `ok`; `failed`: it threw; `late`: it has not answered within its deadline and is not asked again until it does. */
  readonly outcome: 'ok' | 'failed' | 'late';
  readonly error?: string;
  readonly metrics: number;
  readonly blind: readonly BlindSpot[];
  readonly runs: number;
  readonly failures: number;
}

/** A count of what was lost, as whoever lost it says it; it only grows in the life of a process. */
export interface ToldLoss {
  readonly what: string;
  readonly why: string;
  readonly count: number;
  readonly lastAt: number;
}

export const LOSSES = [
  'ticks missed',
  'samples not stored',
  'samples dropped by the disk cap',
  'signals refused',
  'incidents not stored',
  'incidents dropped by the disk cap',
  'evidence not stored',
  'evidence dropped by the disk cap',
  'scans missed',
  'events not logged',
  'events not published',
  'notices not told',
  'metrics not exported',
  'findings not exported',
] as const;

/** The losses of this program itself. */
export interface Loss extends ToldLoss {
  readonly what: (typeof LOSSES)[number];
}

/** What Homeostat does not see. `healthy` is false when it is blind to something that it should see. */
export interface Coverage {
  readonly healthy: boolean;
  readonly collectors: readonly CollectorReport[];
  readonly losses: readonly ToldLoss[];
  /** Why nothing can be stored now: the latest data waits in memory. Left out when all is well. */
  readonly storeProblem?: string;
}
