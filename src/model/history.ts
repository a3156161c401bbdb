import type { Anomaly } from './anomaly.ts';
import type { Breach } from './breach.ts';
import type { ListedProcess } from './process.ts';

/** Seconds between points. */
export type Resolution = 1 | 60 | 3600;

export interface HistoryQuery {
  /** Series keys; unknown ones are answered with empty frames. */
  readonly metrics: readonly string[];
  /** ms since the epoch, inclusive and exclusive. */
  readonly from: number;
  readonly to: number;
  /** Left out: the finest that gives at most `maxPoints` (default 2000) a series and is still kept for `from`. */
  readonly resolution?: Resolution;
  readonly maxPoints?: number;
}

/** Points of one series, in the order of time. Missing times are gaps. */
export interface Frame {
  readonly metric: string;
  readonly unit: string;
  /** ms since the epoch, the beginning of each point's interval. */
  readonly at: Float64Array;
  /** At resolution 1 all three are the same array. */
  readonly mean: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

export interface HistoryAnswer {
  /** Seconds between points. A multiple of a kept resolution where points were merged to respect `maxPoints`. */
  readonly stepSeconds: number;
  readonly frames: readonly Frame[];
}

export interface SeriesSummary {
  readonly key: string;
  readonly unit: string;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** One minute of one process. */
export interface ProcessPoint {
  readonly at: number;
  /** Share of one CPU; bytes; bytes a second. NaN where it could not be seen. */
  readonly cpu: number;
  readonly rss: number;
  readonly readRate: number;
  readonly writeRate: number;
  readonly threads: number;
}

/** ms since the epoch, inclusive and exclusive. */
export interface FindingsQuery {
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
}

/** All processes of a minute that is over. */
export interface PastProcesses {
  /** The minute that was found, ms since the epoch. */
  readonly at: number;
  /** With the means of that minute; undefined where it could not be seen. */
  readonly processes: readonly ListedProcess[];
}

/** The history as its readers see it: the training worker, the HTTP API, the command line. */
export interface History {
  series(): readonly SeriesSummary[];
  query(query: HistoryQuery): HistoryAnswer;
  /** Minutes of one process, by its id. */
  processHistory(id: string, from: number, to: number): readonly ProcessPoint[];
  /** All processes of the minute of `at`, or of the latest kept one within five minutes before; undefined where there is none. */
  processesAt(at: number): PastProcesses | undefined;
  /** Latest state of each anomaly that overlaps the period, newest first. */
  anomalies(query: FindingsQuery): readonly Anomaly[];
  /** The same of breaches of limits, and of forecasts. */
  breaches(query: FindingsQuery): readonly Breach[];
}
