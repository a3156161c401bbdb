/**
 * Incidents and their evidence, in one SQLite file, `incidents.db`, beside the history: they outlive it, and its bound is not theirs.
 *
 *     incident  id -> host, since, closed_at, its latest state as JSON; memory: what it takes to go on with it
 *     signal    id, incident: which one it is in
 *     evidence  incident, since, until, kind (metrics, scans), keys, pack: what was measured around it (evidence.ts)
 *
 * Whoever keeps them holds the lock of the folder. A change is on the disk when `flush` returns, or waits in memory for a disk that takes
 * it. Beyond the bound the oldest evidence goes first, then the oldest incidents that are over.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Clock } from '../lib/clock.ts';
import type { Loss } from '../model/coverage.ts';
import type { EvidenceFrame, TopScan } from '../model/evidence.ts';
import type { Incident } from '../model/incident.ts';
import type { IncidentArchive } from '../model/incident-archive.ts';
import { FileUse } from './database.ts';
import { encodeFrames, encodeScans } from './evidence.ts';
import { IncidentReader, IncidentsAhead } from './incident-query.ts';
import { Losses } from './losses.ts';
import { createPrivately, openError, transaction, whyNotStored } from './sqlite.ts';

/** An incident, and what its maker wants to know of it after a restart. */
export interface StoredIncident<Memory> {
  readonly incident: Incident;
  readonly memory: Memory;
}

export interface IncidentFileOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly bounds: IncidentBounds;
}

export interface IncidentBounds {
  /** What all of it may take on disk, bytes. */
  readonly capBytes: number;
  /** How long what is over is kept, ms. */
  readonly keepMs: number;
}

/** ms since the epoch, inclusive and exclusive. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** Changes that wait for a disk that takes them. */
const MOST_WAITING = 1000;
/** The file stays below this share of its bound, so that there is always room for what is new. */
const FULL = 0.9;
const TABLES = `
  CREATE TABLE IF NOT EXISTS incident (
    id TEXT PRIMARY KEY, host TEXT NOT NULL, since INTEGER NOT NULL, closed_at INTEGER,
    incident TEXT NOT NULL, memory TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS incident_by_since ON incident (since);
  CREATE TABLE IF NOT EXISTS evidence (
    id INTEGER PRIMARY KEY, incident TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
    kind TEXT NOT NULL, keys BLOB, pack BLOB NOT NULL
  );
  CREATE INDEX IF NOT EXISTS evidence_by_incident ON evidence (incident, since);
  CREATE TABLE IF NOT EXISTS signal (id TEXT PRIMARY KEY, incident TEXT NOT NULL) WITHOUT ROWID;
`;
/** Of a file that was written before signals had a table. */
const LIST_SIGNALS = `
  INSERT OR IGNORE INTO signal
  SELECT json_extract(one.value, '$.id'), incident.id FROM incident, json_each(incident.incident, '$.signals') one
  WHERE NOT EXISTS (SELECT 1 FROM signal)
`;

const pathOf = (folder: string): string => join(folder, 'incidents.db');

/** Keeps incidents. Only opening throws (UserError): what the disk refuses later is counted. */
export class IncidentFile<Memory> {
  #bounds: IncidentBounds;
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #insertSignal: StatementSync;
  readonly #holds: StatementSync;
  readonly #insertEvidence: StatementSync;
  readonly archive: IncidentArchive;
  readonly #losses: Losses;
  readonly #file: FileUse;
  readonly #waiting = new Map<string, StoredIncident<Memory>>();

  constructor({ folder, clock, bounds }: IncidentFileOptions) {
    const path = pathOf(folder);
    this.#bounds = bounds;
    this.#losses = new Losses(clock);
    try {
      createPrivately(path);
      this.#db = new DatabaseSync(path, { timeout: 1000 });
      this.#db.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL');
      this.#db.exec(
        'PRAGMA synchronous = NORMAL; PRAGMA cache_size = -256; PRAGMA journal_size_limit = 1048576',
      );
      this.#db.exec(TABLES + LIST_SIGNALS);
      this.#insert = this.#db.prepare('INSERT OR REPLACE INTO incident VALUES (?, ?, ?, ?, ?, ?)');
      this.#insertSignal = this.#db.prepare(
        'INSERT INTO signal VALUES (?1, ?2) ON CONFLICT DO UPDATE SET incident = ?2 WHERE incident <> ?2',
      );
      this.#holds = this.#db.prepare(
        'SELECT 1 FROM signal JOIN incident ON incident.id = signal.incident WHERE signal.id = ?',
      );
      this.#insertEvidence = this.#db.prepare(
        'INSERT INTO evidence (incident, since, until, kind, keys, pack) VALUES (?, ?, ?, ?, ?, ?)',
      );
      this.archive = new IncidentsAhead(new IncidentReader(this.#db), () =>
        Array.from(this.#waiting.values(), ({ incident }) => incident),
      );
      this.#file = new FileUse(this.#db);
    } catch (error) {
      throw openError(path, error);
    }
  }

  /** Other bounds hold from now on. */
  use(bounds: IncidentBounds): void {
    this.#bounds = bounds;
  }

  /** The latest state of an incident, to be on disk after the next `flush`. */
  keep(stored: StoredIncident<Memory>): void {
    this.#waiting.delete(stored.incident.id);
    this.#waiting.set(stored.incident.id, stored);
  }

  /** False where there was nothing to write. */
  flush(): boolean {
    if (this.#waiting.size === 0) return false;
    try {
      // What people were told must outlive even a power loss.
      this.#db.exec('PRAGMA synchronous = FULL');
      transaction(this.#db, () => {
        for (const { incident, memory } of this.#waiting.values()) {
          const { id, host, since, closedAt, signals } = incident;
          for (const signal of signals) this.#insertSignal.run(signal.id, id);
          const end = closedAt === undefined ? null : Math.floor(closedAt);
          this.#insert.run(
            id,
            host,
            Math.floor(since),
            end,
            JSON.stringify(incident),
            JSON.stringify(memory),
          );
        }
      });
      this.#waiting.clear();
      this.#db.exec('PRAGMA synchronous = NORMAL');
    } catch (error) {
      this.#giveUp(whyNotStored(error), MOST_WAITING);
    }
    return true;
  }

  #giveUp(why: string, most: number): void {
    for (const id of this.#waiting.keys()) {
      if (this.#waiting.size <= most) break;
      this.#waiting.delete(id);
      this.#losses.add('incidents not stored', why, 1);
    }
  }

  /** What was measured in a piece of time around an incident. */
  keepMetrics(incident: string, piece: Span, frames: readonly EvidenceFrame[]): void {
    const { keys, pack } = encodeFrames(frames);
    this.#keepPiece(incident, piece, 'metrics', keys, pack);
  }

  /** The busiest processes in a piece of time around an incident. */
  keepScans(incident: string, piece: Span, scans: readonly TopScan[]): void {
    this.#keepPiece(incident, piece, 'scans', null, encodeScans(scans));
  }

  #keepPiece(incident: string, { from, to }: Span, kind: string, ...packs: readonly SQLInputValue[]): void {
    try {
      this.#insertEvidence.run(incident, Math.floor(from), Math.floor(to), kind, ...packs);
      while (this.#isFull() && this.#dropOldest());
    } catch (error) {
      this.#losses.add('evidence not stored', whyNotStored(error), 1);
    }
  }

  #isFull(): boolean {
    return this.#file.bytes - this.#file.free > FULL * this.#bounds.capBytes;
  }

  /** Drops the evidence of the oldest incident that has some, or the oldest that is over; false when nothing is left to drop. */
  #dropOldest(): boolean {
    const why = `incidents may take ${this.#bounds.capBytes} bytes`;
    const evidence = this.#db.prepare('SELECT incident FROM evidence ORDER BY id LIMIT 1').get();
    if (evidence) {
      this.#db.prepare('DELETE FROM evidence WHERE incident = ?').run(evidence.incident!);
      this.#losses.add('evidence dropped by the disk cap', why, 1);
      return true;
    }
    const { changes } = this.#db
      .prepare(
        'DELETE FROM incident WHERE id = (SELECT id FROM incident WHERE closed_at IS NOT NULL ORDER BY since LIMIT 1)',
      )
      .run();
    this.#losses.add('incidents dropped by the disk cap', why, Number(changes));
    return changes > 0;
  }

  /** Forgets what was over for too long at `now`, and gives room back. Meant for once an hour, by a clock that can be believed. */
  forget(now: number): void {
    try {
      const before = Math.floor(now - this.#bounds.keepMs);
      this.#db.prepare('DELETE FROM incident WHERE closed_at < ?').run(before);
      this.#db.exec(
        `DELETE FROM evidence WHERE incident NOT IN (SELECT id FROM incident);
         DELETE FROM signal WHERE incident NOT IN (SELECT id FROM incident); PRAGMA incremental_vacuum(256)`,
      );
    } catch {
      // A disk that refuses even that will be asked again.
    }
  }

  /** How much is kept of an incident, and up to when. */
  recorded(incident: string): { readonly to: number; readonly totalMs: number } | undefined {
    const row = this.#db
      .prepare(
        'SELECT max(until) AS "to", sum(until - since) AS total FROM (SELECT DISTINCT since, until FROM evidence WHERE incident = ?)',
      )
      .get(incident);
    return typeof row?.to === 'number' ? { to: row.to, totalMs: Number(row.total) } : undefined;
  }

  /** One of them with its memory. */
  stored(id: string): StoredIncident<Memory> | undefined {
    const row = this.#db.prepare('SELECT incident, memory FROM incident WHERE id = ?').get(id);
    return this.#waiting.get(id) ?? (row && storedOf<Memory>(row));
  }

  /** Whether a signal is in one of them. */
  holds(signal: string): boolean {
    return this.#holds.get(signal) !== undefined;
  }

  /** What was open, or closed after `since` (ms since the epoch), with its memory. */
  left(since: number): readonly StoredIncident<Memory>[] {
    const rows = this.#db
      .prepare('SELECT incident, memory FROM incident WHERE closed_at IS NULL OR closed_at >= ?')
      .all(Math.floor(since));
    return rows.map(storedOf<Memory>);
  }

  losses(): readonly Loss[] {
    return this.#losses.all();
  }

  close(): void {
    this.flush();
    this.#giveUp('the incidents were closed', 0);
    this.#db.close();
  }
}

const storedOf = <Memory>({ incident, memory }: Record<string, unknown>): StoredIncident<Memory> => ({
  incident: JSON.parse(String(incident)) as Incident,
  memory: JSON.parse(String(memory)) as Memory,
});

/** Opens the incidents of `folder` for reading; undefined where none were ever kept. Throws UserError where they cannot be read. */
export function openIncidents(folder: string): (IncidentArchive & { close(): void }) | undefined {
  const path = pathOf(folder);
  if (!existsSync(path)) return undefined;
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
    const reader = new IncidentReader(db);
    return {
      list: (query) => reader.list(query),
      named: (prefix) => reader.named(prefix),
      evidence: (incident, wanted) => reader.evidence(incident, wanted),
      close: () => db.close(),
    };
  } catch (error) {
    throw openError(path, error);
  }
}
