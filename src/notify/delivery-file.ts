import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import type { Severity } from '../model/anomaly.ts';
import type { Notice } from '../model/incident.ts';

/** Grows with every change that an older program would misread. */
const VERSION = 1;

const TABLES = `
  CREATE TABLE IF NOT EXISTS pending (
    channel TEXT NOT NULL, incident TEXT NOT NULL, notice TEXT NOT NULL, queued_at INTEGER NOT NULL,
    tries INTEGER NOT NULL, not_before INTEGER NOT NULL, PRIMARY KEY (channel, incident)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS told (
    channel TEXT NOT NULL, incident TEXT NOT NULL, thread TEXT, told_at INTEGER NOT NULL,
    open INTEGER NOT NULL, notice TEXT,
    PRIMARY KEY (channel, incident)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS log (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, channel TEXT NOT NULL, outcome TEXT NOT NULL, entry TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS log_by_channel ON log (channel, at);
`;

/** What the file keeps of what was told: about half a megabyte each. */
const MOST_LOG = 2000;
const MOST_TOLD = 2000;
/** Changes that wait for a disk that takes nothing. */
const MOST_BEHIND = 500;

/** A notice on its way to a channel; one at most of an incident. Times: ms since the epoch. */
export interface Pending {
  readonly channel: string;
  readonly notice: Notice;
  readonly queuedAt: number;
  readonly tries: number;
  readonly notBefore: number;
}

/** What a channel knows of an incident. */
export interface ToldOf {
  readonly channel: string;
  readonly incident: string;
  /** `Told.thread` of the next notice. */
  readonly thread?: string;
  readonly toldAt: number;
  /** It does not know yet that it is over. */
  readonly isOpen: boolean;
  /** Where the channel is to be told again while it is open. */
  readonly notice?: Notice;
}

/** One try to tell something, or why there was none. */
export interface DeliveryEntry {
  readonly at: number;
  readonly channel: string;
  readonly outcome: 'sent' | 'retry' | 'failed' | 'dropped';
  readonly incident: string;
  readonly what: Notice['what'] | 'test';
  readonly host: string;
  readonly severity: Severity;
  readonly sentence: string;
  /** What went wrong, or what of it did not go as it should. */
  readonly why?: string;
  /** Which try it was, the first is 1. */
  readonly tries: number;
  readonly durationMs: number;
  /** How many were told in the same message. */
  readonly together?: number;
}

/** What is to be kept, all of it or nothing. */
export interface Change {
  readonly put?: readonly Pending[];
  readonly drop?: readonly Pending[];
  readonly told?: readonly ToldOf[];
  readonly log?: readonly DeliveryEntry[];
}

/**
 * Deliveries on disk, `notify.db`, so that they outlive the process: what waits, what each channel knows, and the log. The memory of whoever
 * writes is ahead of it while the disk takes nothing. Killing the process loses nothing that `save` took; a loss of power may take the
 * latest seconds: whoever writes must not wait for a disk.
 */
export class DeliveryFile {
  readonly #db: DatabaseSync;
  readonly #mostBehind: number;
  #behind: Change[] = [];
  #problem: string | undefined;
  #lost = 0;

  /** Throws a UserError where it cannot be opened, or is from a newer version. */
  constructor(path: string, mostBehind = MOST_BEHIND) {
    this.#mostBehind = mostBehind;
    this.#db = open(path);
  }

  pending(): Pending[] {
    const rows = this.#db
      .prepare('SELECT * FROM pending ORDER BY queued_at')
      .all() as unknown as PendingRow[];
    return rows.map(({ channel, notice, queued_at: queuedAt, tries, not_before: notBefore }) => ({
      ...{ channel, queuedAt, tries, notBefore, notice: JSON.parse(notice) as Notice },
    }));
  }

  told(): ToldOf[] {
    const rows = this.#db.prepare('SELECT * FROM told').all() as unknown as ToldRow[];
    return rows.map(({ channel, incident, thread, told_at: toldAt, open: isOpen, notice }) => ({
      ...{ channel, incident, toldAt, isOpen: isOpen !== 0 },
      ...(thread !== null && { thread }),
      ...(notice !== null && { notice: JSON.parse(notice) as Notice }),
    }));
  }

  /** When messages were sent by a channel since `from`, the oldest first. */
  sentSince(channel: string, from: number): number[] {
    const select = this.#db.prepare(
      "SELECT DISTINCT at FROM log WHERE channel = ? AND at >= ? AND outcome = 'sent' ORDER BY at",
    );
    return select.all(channel, from).map(({ at }) => Number(at));
  }

  /** The latest entries, newest first. */
  entries(limit: number, channel?: string): DeliveryEntry[] {
    const select = this.#db.prepare(
      'SELECT entry FROM log WHERE ? IS NULL OR channel = ? ORDER BY id DESC LIMIT ?',
    );
    const rows = select.all(channel ?? null, channel ?? null, limit);
    return rows.map(({ entry }) => JSON.parse(String(entry)) as DeliveryEntry);
  }

  /** Never throws: what the disk does not take waits in memory and is written with the next change that it takes. */
  save(change: Change): void {
    this.#behind.push(change);
    if (this.#behind.length > this.#mostBehind) {
      this.#behind.shift();
      this.#lost++;
    }
    try {
      this.#transaction(() => {
        for (const one of this.#behind) this.#apply(one);
      });
      this.#behind = [];
      this.#problem = undefined;
    } catch (error) {
      this.#problem = errorMessage(error);
    }
  }

  /** Why nothing can be kept now. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Changes that were given up while the disk took nothing. */
  get lost(): number {
    return this.#lost;
  }

  close(): void {
    if (this.#behind.length > 0) this.save({});
    this.#db.close();
  }

  #apply({ put = [], drop = [], told = [], log = [] }: Change): void {
    for (const { channel, notice, queuedAt, tries, notBefore } of put)
      this.#db
        .prepare('INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?, ?)')
        .run(channel, notice.incident.id, JSON.stringify(notice), queuedAt, tries, Math.round(notBefore));
    for (const { channel, notice } of drop)
      this.#db
        .prepare('DELETE FROM pending WHERE channel = ? AND incident = ?')
        .run(channel, notice.incident.id);
    for (const { channel, incident, thread, toldAt, isOpen, notice } of told)
      this.#db
        .prepare('INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?, ?)')
        .run(
          channel,
          incident,
          thread ?? null,
          toldAt,
          Number(isOpen),
          notice ? JSON.stringify(notice) : null,
        );
    for (const entry of log)
      this.#db
        .prepare('INSERT INTO log (at, channel, outcome, entry) VALUES (?, ?, ?, ?)')
        .run(entry.at, entry.channel, entry.outcome, JSON.stringify(entry));
    if (log.length > 0)
      this.#db.prepare('DELETE FROM log WHERE id <= (SELECT MAX(id) FROM log) - ?').run(MOST_LOG);
    if (told.length > 0)
      this.#db
        .prepare(
          'DELETE FROM told WHERE open = 0 AND told_at < (SELECT told_at FROM told ORDER BY told_at DESC LIMIT 1 OFFSET ?)',
        )
        .run(MOST_TOLD);
  }

  #transaction(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      // SQLite has rolled back by itself after a full disk.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}

interface PendingRow {
  readonly channel: string;
  readonly notice: string;
  readonly queued_at: number;
  readonly tries: number;
  readonly not_before: number;
}

interface ToldRow {
  readonly channel: string;
  readonly incident: string;
  readonly thread: string | null;
  readonly told_at: number;
  readonly open: number;
  readonly notice: string | null;
}

function open(path: string): DatabaseSync {
  try {
    createPrivately(path);
    const db = new DatabaseSync(path, { timeout: 100 });
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -128');
    const version = Number(db.prepare('PRAGMA user_version').get()?.user_version);
    if (version > VERSION)
      throw new UserError(
        `${path} is from a newer Homeostat (format ${version}, this one knows ${VERSION}): update Homeostat`,
      );
    db.exec(`${TABLES} PRAGMA user_version = ${VERSION}`);
    return db;
  } catch (error) {
    if (error instanceof UserError) throw error;
    const system = errorCode(error);
    throw new UserError(
      `${path}: what is to be told cannot be kept (${system && system !== 'ERR_SQLITE_ERROR' ? system : errorMessage(error)}); check its owner and mode, or move it away`,
    );
  }
}

function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}
