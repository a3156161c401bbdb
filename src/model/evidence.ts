import type { ProcessIdentity, ProcessUsage } from './process.ts';

/** One of the processes that took most at a look. Undefined is "could not be seen". */
export type TopProcess = Pick<ProcessIdentity, 'id' | 'pid' | 'name' | 'executable'> &
  Pick<ProcessUsage, 'cpu' | 'rss' | 'readRate' | 'writeRate'>;

/** The processes that took most of CPU, memory or disk at one moment. */
export interface TopScan {
  /** ms since the epoch. */
  readonly at: number;
  readonly processes: readonly TopProcess[];
}

/** Values of one series as they were seen, by the second where they were. NaN and missing times are gaps. */
export interface EvidenceFrame {
  readonly metric: string;
  readonly at: Float64Array;
  readonly value: Float64Array;
}

/** What was kept of an incident: a while before it, its beginning and its end, in full resolution. */
export interface Evidence {
  /** Every series that there is, in alphabetical order. */
  readonly series: readonly string[];
  /** Of those that were asked for. */
  readonly frames: readonly EvidenceFrame[];
  readonly scans: readonly TopScan[];
}
