import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '../lib/clock.ts';
import { FileUse } from './database.ts';
import { type ChunkKind, PROCESS_QUANTA, WINDOW } from './kinds.ts';
import type { SeriesTable } from './series-table.ts';
import { transaction } from './sqlite.ts';

/** How long each kind is kept, ms. Minutes of processes are kept as long as minutes. */
export interface RetentionTimes {
  readonly rawMs: number;
  readonly minuteMs: number;
  readonly hourMs: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const DEFAULT_RETENTION: RetentionTimes = {
  rawMs: 24 * HOUR,
  minuteMs: 30 * 24 * HOUR,
  hourMs: 730 * 24 * HOUR,
};

/** A wall clock that leaves the monotonic one by more than this has jumped. */
const JUMP = MINUTE;
/** How long a wall clock must run without a jump before anything is dropped on its word. */
const TRUST_AFTER = 10 * MINUTE;

/**
 * Whether the wall clock can be believed. A machine that wakes up in 2040 for a minute must not drop its whole history:
 * age counts only once the clock has run for ten minutes without a jump.
 */
export class ClockTrust {
  readonly #clock: Clock;
  #offset: number;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.monotonic();
    this.#offset = clock.now() - this.#since;
  }

  trusted(): boolean {
    const now = this.#clock.monotonic();
    const offset = this.#clock.now() - now;
    if (Math.abs(offset - this.#offset) > JUMP) this.#since = now;
    this.#offset = offset;
    return now - this.#since >= TRUST_AFTER;
  }
}

/** Free pages that are kept for reuse before the file is made shorter, bytes. */
const SLACK = 1 << 20;
const PAGES_A_SLICE = 64;
/** The file and its write-ahead log stay below this share of the cap. */
const FULL = 0.95;

/** Drops what is too old or too much, one chunk window at a time, and gives the file's free space back. */
export class Retention {
  readonly #db: DatabaseSync;
  readonly #times: RetentionTimes;
  readonly #file: FileUse;
  readonly #oldest: StatementSync;
  readonly #samples: StatementSync;
  readonly #drop: StatementSync;
  readonly #keep: StatementSync;

  constructor(db: DatabaseSync, times: RetentionTimes) {
    this.#db = db;
    this.#times = times;
    this.#file = new FileUse(db);
    this.#oldest = db.prepare('SELECT min(window) AS window FROM chunk WHERE kind = ?');
    this.#samples = db.prepare('SELECT sum(samples) AS samples FROM chunk WHERE kind = ? AND window = ?');
    this.#drop = db.prepare('DELETE FROM chunk WHERE kind = ? AND window = ?');
    this.#keep = db.prepare(
      'INSERT INTO kept (kind, since) VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET since = max(since, excluded.since)',
    );
  }

  /** Drops one window that is past its time at `now`; false when there is none. */
  dropOld(now: number): boolean {
    const { rawMs, minuteMs, hourMs } = this.#times;
    const times = { process: minuteMs, raw: rawMs, minute: minuteMs, hour: hourMs } as const;
    for (const [kind, time] of Object.entries(times) as [ChunkKind, number][]) {
      const window = this.#oldestWindow(kind);
      if (window === undefined || window + WINDOW[kind] > now - time) continue;
      this.#dropWindow(kind, window);
      return true;
    }
    return false;
  }

  /** Forgets series, processes and closed anomalies that no chunk can still hold. Cheap; meant for once an hour. */
  forget(now: number, table: SeriesTable): void {
    const { minuteMs, hourMs } = this.#times;
    const before = now - hourMs - WINDOW.hour;
    transaction(this.#db, () => {
      const gone = this.#db.prepare('DELETE FROM series WHERE last_at < ? RETURNING id').all(before);
      for (const { id } of gone) table.remove(Number(id));
      this.#db.prepare('DELETE FROM process WHERE last_at < ?').run(now - minuteMs - WINDOW.process);
      this.#db.prepare('DELETE FROM anomaly WHERE closed_at < ?').run(before);
    });
  }

  /**
   * Drops the oldest window while the file and its log are too large for the cap: minutes of processes or 1 s data,
   * whichever takes more room, then minutes, then hours. The number of samples dropped; undefined when all is well or
   * nothing is left to drop.
   */
  dropOverCap(capBytes: number, logBytes: number): number | undefined {
    const { bytes, free } = this.#file;
    if (bytes - free + logBytes <= capBytes * FULL) return undefined;
    for (const kind of this.#capOrder()) {
      const window = this.#oldestWindow(kind);
      if (window !== undefined) return this.#dropWindow(kind, window);
    }
    return undefined;
  }

  #capOrder(): readonly ChunkKind[] {
    const rows = this.#db
      .prepare(
        "SELECT kind FROM chunk WHERE kind IN ('raw', 'process') GROUP BY kind ORDER BY sum(length(pack)) DESC",
      )
      .all();
    return [...rows.map(({ kind }) => (kind === 'raw' ? 'raw' : 'process')), 'minute', 'hour'];
  }

  #oldestWindow(kind: ChunkKind): number | undefined {
    const window = this.#oldest.get(kind)?.window;
    return typeof window === 'number' ? window : undefined;
  }

  #dropWindow(kind: ChunkKind, window: number): number {
    return transaction(this.#db, () => {
      const points = Number(this.#samples.get(kind, window)?.samples ?? 0);
      this.#drop.run(kind, window);
      this.#keep.run(kind, window + WINDOW[kind]);
      return kind === 'process' ? points * PROCESS_QUANTA.length : points;
    });
  }

  /** Gives some free pages back to the file system; false when there are few. */
  shrink(): boolean {
    const { bytes, free } = this.#file;
    if (free <= Math.max(SLACK, bytes / 10)) return false;
    this.#db.exec(`PRAGMA incremental_vacuum(${PAGES_A_SLICE})`);
    return true;
  }
}
