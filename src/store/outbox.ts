import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Anomaly } from '../model/anomaly.ts';
import type { Breach } from '../model/breach.ts';
import type { ProcessIdentity } from '../model/process.ts';
import type { Losses } from './losses.ts';
import type { NumberedIdentity } from './process-minutes.ts';
import type { StoredSeries } from './series-table.ts';
import { transaction } from './sqlite.ts';
import type { TailRow } from './tail.ts';

/** Bounds of what waits for a disk that takes it: hours of compressed ticks. */
const MOST_BYTES = 2 << 20;
const MOST_IDENTITIES = 4000;
const MOST_ANOMALIES = 1000;

/**
 * What is on its way to the disk. A write that fails leaves everything here, readable and in order, for the next try;
 * past the bounds the oldest is given up and counted.
 */
export class Outbox {
  readonly #db: DatabaseSync;
  readonly #losses: Losses;
  readonly #insertRow: StatementSync;
  readonly #insertSeries: StatementSync;
  readonly #insertProcess: StatementSync;
  readonly #insertAnomaly: StatementSync;
  #rows: TailRow[] = [];
  #bytes = 0;
  #series: StoredSeries[] = [];
  readonly #identities = new Map<string, NumberedIdentity>();
  readonly #anomalies = new Map<string, Anomaly | Breach>();

  constructor(db: DatabaseSync, losses: Losses) {
    this.#db = db;
    this.#losses = losses;
    this.#insertRow = db.prepare('INSERT INTO tail (kind, hour, samples, pack) VALUES (?, ?, ?, ?)');
    this.#insertSeries = db.prepare(
      'INSERT INTO series (id, key, unit, precision, first_at, last_at) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#insertProcess = db.prepare(
      'INSERT INTO process (id, name, identity, last_at) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET identity = excluded.identity, last_at = excluded.last_at',
    );
    this.#insertAnomaly = db.prepare(
      'INSERT OR REPLACE INTO anomaly (id, since, closed_at, state) VALUES (?, ?, ?, ?)',
    );
  }

  addRow(row: TailRow): void {
    this.#rows.push(row);
    this.#bytes += row.pack.length;
  }

  readonly addSeries = (series: StoredSeries): void => {
    this.#series.push(series);
  };

  addIdentity(identity: NumberedIdentity): void {
    this.#identities.set(identity.identity.id, identity);
  }

  addAnomaly(anomaly: Anomaly | Breach): void {
    this.#anomalies.set(anomaly.id, anomaly);
  }

  rows(): readonly TailRow[] {
    return this.#rows;
  }

  identity(id: string): NumberedIdentity | undefined {
    return this.#identities.get(id);
  }

  /** By the number that packs know it by. */
  identityOf(number: number): ProcessIdentity | undefined {
    for (const waiting of this.#identities.values()) if (waiting.number === number) return waiting.identity;
    return undefined;
  }

  anomalies(): readonly (Anomaly | Breach)[] {
    return [...this.#anomalies.values()];
  }

  get empty(): boolean {
    return this.#rows.length === 0 && this.#anomalies.size === 0 && this.#identities.size === 0;
  }

  /** Writes everything in one transaction. Throws what SQLite throws, and then keeps everything. */
  write(): void {
    if (this.empty) return;
    transaction(this.#db, () => {
      for (const { id, key, unit, precision, firstAt, lastAt } of this.#series) {
        this.#insertSeries.run(id, key, unit, precision, firstAt, lastAt);
      }
      for (const { number, identity, at } of this.#identities.values()) {
        this.#insertProcess.run(number, identity.id, JSON.stringify(identity), at);
      }
      for (const { kind, hour, samples, pack } of this.#rows) this.#insertRow.run(kind, hour, samples, pack);
      for (const anomaly of this.#anomalies.values()) {
        const { id, since, closedAt } = anomaly;
        this.#insertAnomaly.run(id, Math.round(since), closedAt ?? null, JSON.stringify(anomaly));
      }
    });
    this.#rows = [];
    this.#bytes = 0;
    this.#series = [];
    this.#identities.clear();
    this.#anomalies.clear();
  }

  /** Gives up the oldest past the bounds, or all of it, and counts it as lost for the reason `why`. */
  giveUp(why: string, all = false): void {
    while (this.#rows.length > 0 && (all || this.#bytes > MOST_BYTES)) {
      const row = this.#rows.shift()!;
      this.#bytes -= row.pack.length;
      this.#losses.add('samples not stored', why, row.samples);
    }
    for (const id of this.#anomalies.keys()) {
      if (!all && this.#anomalies.size <= MOST_ANOMALIES) break;
      this.#anomalies.delete(id);
      this.#losses.add('events not logged', why, 1);
    }
    for (const id of this.#identities.keys()) {
      if (this.#identities.size <= MOST_IDENTITIES) break;
      this.#identities.delete(id);
    }
  }
}
