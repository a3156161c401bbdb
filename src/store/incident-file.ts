/**
 * Incidents, in one SQLite file, `incidents.db`, beside the history: they outlive it, and its bound is not theirs.
 *
 *     incident  id -> host, since, closed_at, its latest state as JSON; memory: what it takes to go on with it
 *
 * Whoever keeps them holds the lock of the folder. Each change is on the disk when `keep` returns, or waits in memory for one that takes it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Clock } from '../lib/clock.ts';
import type { Loss } from '../model/coverage.ts';
import type { Incident } from '../model/incident.ts';
import { type IncidentQuery, IncidentReader } from './incident-query.ts';
import { Losses } from './losses.ts';
import { createPrivately, openError, transaction, whyNotStored } from './sqlite.ts';

export type { IncidentQuery } from './incident-query.ts';

/** An incident, and what its maker wants to know of it after a restart. */
export interface StoredIncident<Memory> {
  readonly incident: Incident;
  readonly memory: Memory;
}

/** Changes that wait for a disk that takes them. */
const MOST_WAITING = 1000;

const pathOf = (folder: string): string => join(folder, 'incidents.db');

/** Keeps incidents. Throws UserError where the file cannot be opened. */
export class IncidentFile<Memory> {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #reader: IncidentReader;
  readonly #losses: Losses;
  readonly #waiting = new Map<string, StoredIncident<Memory>>();

  constructor({ folder, clock }: { readonly folder: string; readonly clock: Clock }) {
    const path = pathOf(folder);
    this.#losses = new Losses(clock);
    try {
      createPrivately(path);
      this.#db = new DatabaseSync(path, { timeout: 1000 });
      this.#db.exec(`
        PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL; PRAGMA cache_size = -256; PRAGMA journal_size_limit = 1048576;
        CREATE TABLE IF NOT EXISTS incident (
          id TEXT PRIMARY KEY, host TEXT NOT NULL, since INTEGER NOT NULL, closed_at INTEGER,
          incident TEXT NOT NULL, memory TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS incident_by_since ON incident (since);
      `);
      this.#insert = this.#db.prepare('INSERT OR REPLACE INTO incident VALUES (?, ?, ?, ?, ?, ?)');
      this.#reader = new IncidentReader(this.#db);
    } catch (error) {
      throw openError(path, error);
    }
  }

  /** The latest state of an incident. Never throws: what the disk refuses waits, within bounds, then is counted as lost. */
  keep(stored: StoredIncident<Memory>): void {
    this.#waiting.delete(stored.incident.id);
    this.#waiting.set(stored.incident.id, stored);
    this.#flush();
  }

  #flush(): void {
    try {
      transaction(this.#db, () => {
        for (const { incident, memory } of this.#waiting.values()) {
          const { id, host, since, closedAt } = incident;
          const columns = [id, host, Math.floor(since), closedAt === undefined ? null : Math.floor(closedAt)];
          this.#insert.run(...columns, JSON.stringify(incident), JSON.stringify(memory));
        }
      });
      this.#waiting.clear();
    } catch (error) {
      this.#giveUp(whyNotStored(error), MOST_WAITING);
    }
  }

  #giveUp(why: string, most: number): void {
    for (const id of this.#waiting.keys()) {
      if (this.#waiting.size <= most) break;
      this.#waiting.delete(id);
      this.#losses.add('incidents not stored', why, 1);
    }
  }

  /** What was open, or closed after `since` (ms since the epoch), with its memory. */
  left(since: number): readonly StoredIncident<Memory>[] {
    const rows = this.#db
      .prepare('SELECT incident, memory FROM incident WHERE closed_at IS NULL OR closed_at >= ?')
      .all(Math.floor(since));
    return rows.map(({ incident, memory }) => ({
      incident: JSON.parse(String(incident)) as Incident,
      memory: JSON.parse(String(memory)) as Memory,
    }));
  }

  list(query?: IncidentQuery): readonly Incident[] {
    return this.#reader.list(query);
  }

  named(prefix: string): readonly Incident[] {
    return this.#reader.named(prefix);
  }

  losses(): readonly Loss[] {
    return this.#losses.all();
  }

  close(): void {
    if (this.#waiting.size > 0) this.#flush();
    this.#giveUp('the incidents were closed', 0);
    this.#db.close();
  }
}

/** Incidents of a folder to be read, beside whoever keeps them or without. */
export interface KeptIncidents {
  list(query?: IncidentQuery): readonly Incident[];
  named(prefix: string): readonly Incident[];
  close(): void;
}

/** Opens the incidents of `folder` for reading; undefined where none were ever kept. Throws UserError where they cannot be read. */
export function openIncidents(folder: string): KeptIncidents | undefined {
  const path = pathOf(folder);
  if (!existsSync(path)) return undefined;
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
    const reader = new IncidentReader(db);
    return {
      list: (query) => reader.list(query),
      named: (prefix) => reader.named(prefix),
      close: () => db.close(),
    };
  } catch (error) {
    throw openError(path, error);
  }
}
