import type { Anomaly, Culprit } from '../model/anomaly.ts';
import type { Breach } from '../model/breach.ts';
import type { History, ProcessPoint } from '../model/history.ts';
import type { ListedProcess } from '../model/process.ts';

/** What rules look at. What could not be read is undefined, or not there. All times in ms, sizes in bytes. */
export interface Situation {
  readonly at: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Means over the last minute, by series key. */
  readonly metrics: ReadonlyMap<string, number>;
  readonly processes: readonly ListedProcess[];
  /** The last half hour of a process, minute by minute. */
  readonly past: (id: string) => readonly ProcessPoint[];
  /** What is open. */
  readonly anomalies: readonly Anomaly[];
  readonly breaches: readonly Breach[];
  /** The processes that changed most in what a series is about. */
  readonly blame: (key: string) => readonly Culprit[];
  /** How many files a process may open at most (the soft limit). */
  readonly fileLimit: (pid: number) => FileLimit | undefined;
  /** What a control group may take, and took. */
  readonly group: (path: string) => ControlGroup | undefined;
  /** Bytes a second that an interface can carry. */
  readonly linkSpeed: (name: string) => number | undefined;
  /** What was measured of folders, by mount point. */
  readonly walks: ReadonlyMap<string, FolderGrowth>;
  readonly restarts: readonly Restarts[];
}

/** What was seen lately counts as now, ms. */
const NOW_MS = 60_000;

/** Means over the last minute, by series key. */
export function metricsOf(
  history: Pick<History, 'series' | 'query'>,
  at: number,
): ReadonlyMap<string, number> {
  const keys = history.series().flatMap(({ key, lastAt }) => (lastAt >= at - 2 * NOW_MS ? [key] : []));
  const { frames } = history.query({ metrics: keys, from: at - NOW_MS, to: at + 1, resolution: 1 });
  return new Map(
    frames.flatMap(({ metric, mean }) =>
      mean.length === 0 ? [] : [[metric, mean.reduce((sum, value) => sum + value, 0) / mean.length]],
    ),
  );
}

export interface FileLimit {
  readonly soft: number;
  readonly hard: number;
}

/** Of a control group of version 2; what is not limited is undefined. Counts are since it was made. */
export interface ControlGroup {
  readonly memory: number | undefined;
  readonly memoryMax: number | undefined;
  readonly oomKills: number | undefined;
  /** Cores. */
  readonly cpuMax: number | undefined;
  readonly periods: number | undefined;
  readonly throttledPeriods: number | undefined;
}

/** A walk over a file system's folders, and the one before. */
export interface FolderGrowth {
  readonly at: number;
  /** It was broken off at its bound. */
  readonly isPartial: boolean;
  /** When the one before was, where there was one. */
  readonly beforeAt: number | undefined;
  readonly folders: readonly {
    readonly path: string;
    readonly bytes: number;
    /** Since the walk before. */
    readonly grown: number | undefined;
  }[];
}

/** A service whose main processes live shortly. */
export interface Restarts {
  readonly unit: string;
  /** So often within `overMs`, and how long the median life was, ms. */
  readonly count: number;
  readonly overMs: number;
  readonly medianLifeMs: number;
}
