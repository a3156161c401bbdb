import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Anomaly } from '../model/anomaly.ts';
import type { Breach } from '../model/breach.ts';
import type { Loss } from '../model/coverage.ts';
import type {
  FindingsQuery,
  HistoryAnswer,
  HistoryQuery,
  PastProcesses,
  ProcessPoint,
  SeriesSummary,
} from '../model/history.ts';
import type { Tick } from '../model/metric.ts';
import type { ProcessIdentity, ProcessScan } from '../model/process.ts';
import { Compactor } from './compactor.ts';
import type { Store, StoreOptions, StoreStats } from './contract.ts';
import { databasePath, FileUse } from './database.ts';
import { floorTo, HOUR } from './kinds.ts';
import { Losses } from './losses.ts';
import { Outbox } from './outbox.ts';
import { type ProcessMinute, ProcessMinutes } from './process-minutes.ts';
import { Reader } from './query.ts';
import { ClockTrust, DEFAULT_RETENTION, Retention } from './retention.ts';
import { SeriesTable } from './series-table.ts';
import { whyNotStored } from './sqlite.ts';
import { packTicks, type TailRow } from './tail.ts';

const FLUSH_MS = 5000;
const LONGEST_FLUSH_MS = 8000;
const CHECKPOINT_MS = 60_000;
const FORGET_MS = HOUR;
/** After the disk refused a slice of maintenance. */
const PAUSE_MS = 30_000;

type Settings = StoreOptions & { readonly capBytes: number };

/** The one who writes the history: ticks into the outbox, the outbox to the disk, the tail into chunks. */
export class Writer implements Store {
  readonly #options: Settings;
  readonly #flushMs: number;
  readonly #db: DatabaseSync;
  readonly #unlock: () => void;
  readonly #table: SeriesTable;
  readonly #losses: Losses;
  readonly #outbox: Outbox;
  readonly #reader: Reader;
  readonly #processes: ProcessMinutes;
  readonly #compactor: Compactor;
  readonly #retention: Retention;
  readonly #trust: { trusted(): boolean };
  readonly #file: FileUse;
  /** Ticks that are not packed yet. */
  #ticks: Tick[] = [];
  /** The same ticks as rows, for queries between two flushes. */
  #peeked: { readonly ticks: number; readonly rows: readonly TailRow[] } = { ticks: 0, rows: [] };
  #lastHour: number;
  #flushedAt: number;
  #checkpointAt: number;
  #forgetAt: number;
  #resumeAt = Number.NEGATIVE_INFINITY;
  /** There may be something to do: there always may after a flush. */
  #chores = true;
  #problem: string | undefined;

  constructor(options: Settings, db: DatabaseSync, unlock: () => void, damaged: (what: string) => void) {
    const { clock, retention = DEFAULT_RETENTION, flushMs = FLUSH_MS } = options;
    this.#options = options;
    this.#flushMs = Math.min(flushMs, LONGEST_FLUSH_MS);
    this.#db = db;
    this.#unlock = unlock;
    this.#table = new SeriesTable(db);
    this.#losses = new Losses(clock);
    this.#outbox = new Outbox(db, this.#losses);
    this.#reader = new Reader(db, this.#table, damaged, {
      rows: () => [...this.#outbox.rows(), ...this.#peek()],
      identity: (id) => this.#outbox.identity(id),
      identityOf: (number) => this.#outbox.identityOf(number),
      anomalies: () => this.#outbox.anomalies(),
    });
    const last = Number(db.prepare('SELECT max(id) AS last FROM process').get()?.last ?? 0);
    this.#processes = new ProcessMinutes((id) => this.#reader.processNumber(id), last);
    this.#compactor = new Compactor(db, this.#reader);
    this.#retention = new Retention(db, retention);
    this.#trust = options.trust ?? new ClockTrust(clock);
    this.#file = new FileUse(db);
    this.#lastHour = floorTo(clock.now(), HOUR);
    this.#flushedAt = clock.monotonic();
    this.#checkpointAt = this.#flushedAt + CHECKPOINT_MS;
    this.#forgetAt = this.#flushedAt + FORGET_MS;
  }

  append(tick: Tick): void {
    this.#ticks.push(tick);
    this.#lastHour = floorTo(tick.at, HOUR);
    this.#flushWhenDue();
  }

  appendProcesses(scan: ProcessScan): void {
    this.#keepMinute(this.#processes.add(scan));
  }

  #keepMinute(minute: ProcessMinute | undefined): void {
    if (!minute) return;
    this.#outbox.addRow(minute.row);
    for (const identity of minute.identities) this.#outbox.addIdentity(identity);
  }

  appendAnomaly(...anomalies: readonly (Anomaly | Breach)[]): void {
    for (const anomaly of anomalies) this.#outbox.addAnomaly(anomaly);
    // What people were told must outlive even a power loss.
    this.#db.exec('PRAGMA synchronous = FULL');
    this.flush();
    this.#db.exec('PRAGMA synchronous = NORMAL');
  }

  #flushWhenDue(): void {
    if (this.#options.clock.monotonic() - this.#flushedAt >= this.#flushMs) this.flush();
  }

  flush(): void {
    this.#flushedAt = this.#options.clock.monotonic();
    this.#chores = true;
    for (const row of packTicks(this.#ticks, this.#table, this.#outbox.addSeries)) this.#outbox.addRow(row);
    this.#ticks = [];
    this.#peeked = { ticks: 0, rows: [] };
    try {
      this.#outbox.write();
      this.#recovered();
    } catch (error) {
      this.#refused(error);
      this.#outbox.giveUp(whyNotStored(error));
    }
  }

  #refused(error: unknown): void {
    const why = whyNotStored(error);
    if (why !== this.#problem) this.#options.log?.warn(`history: ${why}; the latest data waits in memory`);
    this.#problem = why;
  }

  #recovered(): void {
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#options.log?.info('history: the disk takes data again');
  }

  #peek(): readonly TailRow[] {
    if (this.#peeked.ticks !== this.#ticks.length) {
      const rows = packTicks(this.#ticks, this.#table, this.#outbox.addSeries);
      this.#peeked = { ticks: this.#ticks.length, rows };
    }
    return this.#peeked.rows;
  }

  maintain(budgetMs: number): boolean {
    const { clock } = this.#options;
    const end = clock.monotonic() + budgetMs;
    const trusted = this.#trust.trusted();
    this.#flushWhenDue();
    if (!this.#chores || clock.monotonic() < this.#resumeAt) return false;
    try {
      do this.#chores = this.#slice(trusted);
      while (this.#chores && clock.monotonic() < end);
      return this.#chores;
    } catch (error) {
      this.#refused(error);
      this.#resumeAt = clock.monotonic() + PAUSE_MS;
      return false;
    }
  }

  /** The first of the chores that has something to do; false when none has. */
  #slice(trusted: boolean): boolean {
    const { clock, capBytes } = this.#options;
    const now = clock.now();
    if (this.#checkpoint()) return true;
    const dropped = this.#retention.dropOverCap(capBytes, this.#logBytes());
    if (dropped !== undefined) {
      this.#losses.add('samples dropped by the disk cap', `the history may take ${capBytes} bytes`, dropped);
      return true;
    }
    if (this.#compactor.slice(this.#busyHours())) return true;
    if (trusted && this.#retention.dropOld(now)) return true;
    if (trusted && this.#outbox.empty && clock.monotonic() >= this.#forgetAt) {
      this.#forgetAt = clock.monotonic() + FORGET_MS;
      this.#retention.forget(now, this.#table);
    }
    return this.#retention.shrink();
  }

  /** Hours that ticks are still being written to. */
  #busyHours(): Set<number> {
    const hours = new Set([this.#lastHour]);
    for (const { at } of this.#ticks) hours.add(floorTo(at, HOUR));
    for (const { hour } of this.#outbox.rows()) hours.add(hour);
    return hours;
  }

  /** Moves the log into the file, so that a power loss can take a minute at most and the log stays short. */
  #checkpoint(): boolean {
    const now = this.#options.clock.monotonic();
    if (now < this.#checkpointAt) return false;
    this.#checkpointAt = now + CHECKPOINT_MS;
    this.#db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    return true;
  }

  #logBytes(): number {
    return statSync(`${databasePath(this.#options.folder)}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  stats(): StoreStats {
    let first = Number.POSITIVE_INFINITY;
    for (const { firstAt } of this.#table.all()) first = Math.min(first, firstAt);
    const oldest = Math.max(first, this.#reader.keptSince('hour'));
    return {
      bytes: this.#file.bytes + this.#logBytes(),
      capBytes: this.#options.capBytes,
      series: this.#table.count,
      oldestAt: Number.isFinite(oldest) ? oldest : undefined,
      problem: this.#problem,
    };
  }

  losses(): readonly Loss[] {
    return this.#losses.all();
  }

  series(): readonly SeriesSummary[] {
    // New series are known once their ticks are packed.
    this.#peek();
    return this.#reader.series();
  }

  query(query: HistoryQuery): HistoryAnswer {
    this.#peek();
    return this.#reader.query(query);
  }

  processHistory(id: string, from: number, to: number): readonly ProcessPoint[] {
    return this.#reader.processHistory(id, from, to);
  }

  processesAt(at: number): PastProcesses | undefined {
    return this.#reader.processesAt(at);
  }

  processIdentity(id: string): ProcessIdentity | undefined {
    return this.#reader.processIdentity(id);
  }

  anomalies(query: FindingsQuery): readonly Anomaly[] {
    return this.#reader.anomalies(query);
  }

  breaches(query: FindingsQuery): readonly Breach[] {
    return this.#reader.breaches(query);
  }

  close(): void {
    this.#keepMinute(this.#processes.take());
    this.flush();
    if (!this.#outbox.empty) this.#outbox.giveUp(this.#problem ?? 'the history was closed', true);
    try {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // The log stays beside the file and is read at the next start.
    }
    this.#db.close();
    this.#unlock();
  }
}
