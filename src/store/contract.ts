import type { Clock } from '../lib/clock.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Breach } from '../model/breach.ts';
import type { Loss } from '../model/coverage.ts';
import type { History } from '../model/history.ts';
import type { Tick } from '../model/metric.ts';
import type { ProcessIdentity, ProcessScan } from '../model/process.ts';
import type { RetentionTimes } from './retention.ts';

export interface StoreOptions {
  /** Made, readable by its owner alone, where it does not exist. */
  readonly folder: string;
  readonly clock: Clock;
  /** Bytes that the history may take on the disk; 1 GiB. */
  readonly capBytes?: number;
  readonly retention?: RetentionTimes;
  /** Longest time that a sample waits in memory, ms; 5000, at most 8000. */
  readonly flushMs?: number;
  /** Whether the wall clock can be believed, where whoever opens several histories in turn knows better than each of them. */
  readonly trust?: { trusted(): boolean };
  /** Told, once each, when the disk refuses data, takes it again, or holds something that cannot be read. */
  readonly log?: { warn(message: string): void; info(message: string): void };
}

/** The history as its readers see it, and what a process was. */
export interface StoredHistory extends History {
  processIdentity(id: string): ProcessIdentity | undefined;
  close(): void;
}

/** A process that the history knows, and the latest minute in which it was known to be there. */
export interface KeptProcess {
  readonly identity: ProcessIdentity;
  readonly lastAt: number;
}

/** The history of a reader of its own. */
export interface ReadableHistory extends StoredHistory {
  /** All processes that were there at `since` (ms since the epoch) or later, in the order in which they were first seen. */
  processes(since: number): Iterable<KeptProcess>;
}

export interface StoreStats {
  /** Of the file and its write-ahead log. */
  readonly bytes: number;
  readonly capBytes: number;
  readonly series: number;
  readonly oldestAt: number | undefined;
  /** Why nothing can be stored now; undefined when all is well. */
  readonly problem: string | undefined;
}

/** The history with the one who writes it. No method but `close` and the queries takes longer than some ms. */
export interface Store extends StoredHistory {
  append(tick: Tick): void;
  appendProcesses(scan: ProcessScan): void;
  /** All of them with one wait for the disk. */
  appendAnomaly(...anomalies: readonly (Anomaly | Breach)[]): void;
  /** Commits what waits in memory. */
  flush(): void;
  /**
   * Compacts, drops what is too old or too much, gives space back; in slices, until `budgetMs` are used up (the last
   * slice may go some ms over). To be called every second. True when there is more to do.
   */
  maintain(budgetMs: number): boolean;
  stats(): StoreStats;
  losses(): readonly Loss[];
}
