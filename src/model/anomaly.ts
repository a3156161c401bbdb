import type { Signal } from './incident.ts';
import type { ProfileMeasure } from './profile.ts';

export type Severity = 'LOW' | 'MEDIUM' | 'HIGH';

/** A metric that broke: what was seen against what was expected. */
export interface BrokenMetric {
  /** The series' key. */
  readonly metric: string;
  readonly unit: string;
  readonly observed: number;
  readonly expectedLow: number;
  readonly expectedHigh: number;
  /** Its share of the score, 0 to 1. */
  readonly share: number;
}

/** A process that accounts for part of the change. */
export interface Culprit {
  readonly id: string;
  readonly pid: number;
  /** What a person calls it: `processName` of model/display.ts. Hostile text. */
  readonly name: string;
  readonly executable: string | undefined;
  readonly commandLine: string;
  readonly parent: { readonly pid: number; readonly name: string } | undefined;
  readonly containerId: string | undefined;
  /** Share of the change that it accounts for, 0 to 1. */
  readonly share: number;
  /** Set where it stands for several alike (same executable, same parent): how many, and the pids of the first ones. */
  readonly group?: { readonly count: number; readonly pids: readonly number[] };
  /** What it did, for a person: `CPU 3 % -> 98 % of a core`. */
  readonly evidence: string;
}

/** One process that left its own past, as a detector of single processes tells it at each scan while it lasts. */
export interface ProcessFinding {
  /** silence: it does nothing any more; growth: its memory grows without a pause; else the measure in which it left its kind's profile. */
  readonly what: 'silence' | 'growth' | ProfileMeasure;
  readonly culprit: Culprit;
  /** When it began, ms since the epoch: with `what` and the process it makes the anomaly's id. */
  readonly since: number;
  readonly severity: Severity;
  /** -log10 of the probability that this is nothing. */
  readonly score: number;
  /** It was watched for that long without such a thing, so it comes at most so often. */
  readonly returnPeriodSeconds: number;
  readonly sentence: string;
}

/**
 * Something unusual, from its beginning to its end. One line of `anomalies.json` is this object as it was when it
 * opened, changed its severity or its culprit, or closed; the last line of an id is the whole truth.
 */
export interface Anomaly extends Signal {
  readonly schema: 1;
  /**
   * machine: the combined score; process: one process left its own past (it froze, it leaks). Found by a hub: silence: nothing is heard
   * of the host; peers: it does what no other host does.
   */
  readonly kind: 'machine' | 'process' | 'silence' | 'peers';
  /** Of a single process: what was found of it. */
  readonly finding?: ProcessFinding['what'];
  /** -log10 of the probability of the highest score so far. */
  readonly score: number;
  /** How often such a score is expected on this machine: once in that many seconds. */
  readonly returnPeriodSeconds: number;
}
