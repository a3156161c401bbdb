import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { ListedProcess } from '../model/process.ts';

const VERSION = 1;

/** How far the log was read. `key` tells whether the log is still the same one. */
export interface Cursor {
  readonly id: number;
  readonly key: string;
  /** When that record was taken, ms since the epoch. */
  readonly receivedAt: number;
  /** All that was read is on disk in the histories; a power loss may have taken something otherwise. */
  readonly clean: boolean;
}

export interface AnomalyQuery {
  /** ms since the epoch. */
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
}

/** A process as it was told last. */
export interface ToldProcess {
  readonly host: string;
  readonly process: ListedProcess;
  /** By the host's clock, ms since the epoch. */
  readonly at: number;
}

/** What is kept of the processes of one host: `size` is the length of their JSON, in characters. */
export interface KeptProcesses {
  readonly count: number;
  readonly ended: number;
  readonly size: number;
}

/**
 * What the hub knows of its hosts beside their histories: `fleet.db`.
 *
 *     cursor   one row: the log was read up to here
 *     host     name -> facts as JSON
 *     process  host, id -> the process as JSON as it was told last; NULL: it has ended, which is remembered for a while
 *     anomaly  host, id -> its latest state as JSON: the latest ones of all hosts, which are in the histories too
 *
 * Commits are not synced one by one: all of it can be read from the log again.
 */
export class FleetFile {
  readonly #db: DatabaseSync;
  readonly #tell: StatementSync;
  readonly #end: StatementSync;

  /** Throws UserError where the file cannot be opened or is from a newer version. */
  constructor(path: string) {
    try {
      createPrivately(path);
      this.#db = new DatabaseSync(path, { timeout: 1000 });
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1024');
      const { user_version } = this.#db.prepare('PRAGMA user_version').get() as { user_version: number };
      if (user_version > VERSION) throw new Error(`it is from a newer Homeostat (version ${user_version})`);
      this.#db.exec(`
        CREATE TABLE IF NOT EXISTS cursor (
          one INTEGER PRIMARY KEY CHECK (one = 1), id INTEGER NOT NULL, key TEXT NOT NULL, received_at INTEGER NOT NULL, clean INTEGER NOT NULL
        );
        CREATE TABLE IF NOT EXISTS host (name TEXT PRIMARY KEY, facts TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS process (
          host TEXT NOT NULL, id TEXT NOT NULL, told_at INTEGER NOT NULL, process TEXT, PRIMARY KEY (host, id)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS anomaly (
          host TEXT NOT NULL, id TEXT NOT NULL, since INTEGER NOT NULL, closed_at INTEGER, anomaly TEXT NOT NULL, PRIMARY KEY (host, id)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS anomaly_by_since ON anomaly (since);
        PRAGMA user_version = ${VERSION};
      `);
    } catch (error) {
      throw new UserError(
        `${path}: what is known of the hosts cannot be opened (${errorMessage(error)}); check its owner and mode, or move it away: it is made again from the log`,
      );
    }
    this.#tell = this.#db.prepare(
      `INSERT INTO process (host, id, told_at, process) VALUES (?, ?, ?, ?)
       ON CONFLICT (host, id) DO UPDATE SET told_at = excluded.told_at, process = excluded.process`,
    );
    this.#end = this.#db.prepare('SELECT told_at FROM process WHERE host = ? AND id = ? AND process IS NULL');
  }

  /** All that `work` writes is kept together or not at all. */
  together(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  cursor(): Cursor | undefined {
    const row = this.#db.prepare('SELECT id, key, received_at, clean FROM cursor').get();
    if (!row) return undefined;
    return {
      id: Number(row.id),
      key: String(row.key),
      receivedAt: Number(row.received_at),
      clean: row.clean === 1,
    };
  }

  keepCursor({ id, key, receivedAt, clean }: Cursor): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO cursor (one, id, key, received_at, clean) VALUES (1, ?, ?, ?, ?)')
      .run(id, key, receivedAt, clean ? 1 : 0);
  }

  /** Facts by host. */
  hosts(): readonly (readonly [name: string, facts: unknown])[] {
    const rows = this.#db.prepare('SELECT name, facts FROM host ORDER BY name').all();
    return rows.map(({ name, facts }) => [String(name), JSON.parse(String(facts))]);
  }

  keepHost(name: string, facts: unknown): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO host (name, facts) VALUES (?, ?)')
      .run(name, JSON.stringify(facts));
  }

  /** Returns how long its JSON is, in characters. */
  keepProcess({ host, process, at }: ToldProcess): number {
    const text = JSON.stringify(process);
    this.#tell.run(host, process.id, at, text);
    return text.length;
  }

  /** A snapshot may come after the end that it did not know of yet. */
  endedAfter({ host, process, at }: ToldProcess): boolean {
    const row = this.#end.get(host, process.id);
    return row !== undefined && Number(row.told_at) > at;
  }

  endProcess({ host, process, at }: ToldProcess): void {
    this.#tell.run(host, process.id, at, null);
  }

  /** Forgets those that were not told at `since` or later. */
  dropUntold(host: string, since: number): void {
    this.#db
      .prepare('DELETE FROM process WHERE host = ? AND told_at < ? AND process IS NOT NULL')
      .run(host, since);
  }

  /** Forgets that processes ended before `before`. */
  dropEnded(host: string, before: number): void {
    this.#db
      .prepare('DELETE FROM process WHERE host = ? AND told_at < ? AND process IS NULL')
      .run(host, before);
  }

  dropProcesses(host: string): void {
    this.#db.prepare('DELETE FROM process WHERE host = ?').run(host);
  }

  /** One by one, so that only what is held on to is in memory. */
  *processes(host: string): Generator<ListedProcess> {
    const rows = this.#db
      .prepare('SELECT process FROM process WHERE host = ? AND process IS NOT NULL')
      .iterate(host);
    for (const { process } of rows) yield JSON.parse(String(process)) as ListedProcess;
  }

  countProcesses(host: string): number {
    const row = this.#db
      .prepare('SELECT COUNT(*) AS count FROM process WHERE host = ? AND process IS NOT NULL')
      .get(host);
    return Number(row?.count);
  }

  /** The one with this id, where it is there. */
  process(host: string, id: string): ListedProcess | undefined {
    const row = this.#db
      .prepare('SELECT process FROM process WHERE host = ? AND id = ? AND process IS NOT NULL')
      .get(host, id);
    return row && (JSON.parse(String(row.process)) as ListedProcess);
  }

  /** Keeps `most` of a host, those that were told last; what is kept then, and how many processes went. */
  trimProcesses(
    host: string,
    most: KeptProcesses,
  ): { readonly kept: KeptProcesses; readonly dropped: number } {
    const rows = this.#db
      .prepare('SELECT id, LENGTH(process) AS size FROM process WHERE host = ? ORDER BY told_at DESC, id')
      .all(host);
    const drop = this.#db.prepare('DELETE FROM process WHERE host = ? AND id = ?');
    let [count, ended, size, dropped] = [0, 0, 0, 0];
    for (const row of rows) {
      if (row.size === null) {
        if (ended < most.ended) ended++;
        else drop.run(host, row.id!);
      } else if (dropped === 0 && count < most.count && size + Number(row.size) <= most.size) {
        count++;
        size += Number(row.size);
      } else {
        dropped++;
        drop.run(host, row.id!);
      }
    }
    return { kept: { count, ended, size }, dropped };
  }

  keepAnomaly(host: string, anomaly: Anomaly): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO anomaly (host, id, since, closed_at, anomaly) VALUES (?, ?, ?, ?, ?)')
      .run(host, anomaly.id, Math.floor(anomaly.since), anomaly.closedAt ?? null, JSON.stringify(anomaly));
  }

  /** Of all hosts, newest first; those that overlap the period. */
  anomalies({
    from = Number.MIN_SAFE_INTEGER,
    to = Number.MAX_SAFE_INTEGER,
    limit,
  }: AnomalyQuery): Anomaly[] {
    const rows = this.#db
      .prepare(
        'SELECT anomaly FROM anomaly WHERE since < ? AND (closed_at IS NULL OR closed_at >= ?) ORDER BY since DESC, host, id LIMIT ?',
      )
      .all(to, from, limit);
    return rows.map(({ anomaly }) => JSON.parse(String(anomaly)) as Anomaly);
  }

  /** Keeps the latest ones of a host. */
  dropAnomalies(host: string, most: number): void {
    this.#db
      .prepare(
        `DELETE FROM anomaly WHERE host = ?1 AND since <
           (SELECT since FROM anomaly WHERE host = ?1 ORDER BY since DESC LIMIT 1 OFFSET ?2)`,
      )
      .run(host, most);
  }

  close(): void {
    this.#db.close();
  }
}

function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}
