import { chmodSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import { createPrivately, damaged, openError, transaction } from './sqlite.ts';

/** Grows by one with every change that an older program would misread. */
const SCHEMA = 1;

const TABLES = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE series (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, unit TEXT NOT NULL, precision REAL NOT NULL,
    first_at INTEGER NOT NULL, last_at INTEGER NOT NULL
  );
  CREATE TABLE tail (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, hour INTEGER NOT NULL,
    samples INTEGER NOT NULL, pack BLOB NOT NULL
  );
  CREATE INDEX tail_by_hour ON tail (kind, hour, id);
  CREATE TABLE chunk (
    kind TEXT NOT NULL, window INTEGER NOT NULL, part INTEGER NOT NULL,
    samples INTEGER NOT NULL, pack BLOB NOT NULL, UNIQUE (kind, window, part)
  );
  CREATE TABLE kept (kind TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE process (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, identity TEXT NOT NULL, last_at INTEGER NOT NULL
  );
  CREATE TABLE anomaly (
    id TEXT PRIMARY KEY, since INTEGER NOT NULL, closed_at INTEGER, state TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX anomaly_by_since ON anomaly (since);
`;

export const databasePath = (folder: string): string => join(folder, 'history.db');

/**
 * Opens the history of a locked folder for writing, and makes it where there is none. Throws UserError, and leaves every byte as it was,
 * where the file comes from a newer version, is damaged or cannot be opened.
 */
export function openForWriting(folder: string, capBytes: number): DatabaseSync {
  const path = databasePath(folder);
  try {
    const exists = existsSync(path) && inspect(path);
    if (!exists) createPrivately(path);
    chmodSync(path, 0o600);
    // Readers never hold a writer up. Whoever else locks the file must not hold up the thread that samples.
    const db = new DatabaseSync(path, { timeout: 100 });
    // NORMAL: a commit is in the operating system's hands, so kill -9 loses nothing of it; only a power loss can take
    // what came after the last checkpoint, and never harms what came before. FULL would make every flush wait for the
    // disk, on the one thread that samples, and longest when the disk is what is wrong with the machine.
    db.exec('PRAGMA synchronous = NORMAL');
    if (!exists) create(db);
    db.exec('PRAGMA cache_size = -512; PRAGMA journal_size_limit = 1048576');
    db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(capBytes / pageSize(db)))}`);
    return db;
  } catch (error) {
    throw openError(path, error);
  }
}

/** Opens the history for reading beside a daemon that writes it. Throws UserError as `openForWriting` does. */
export function openForReading(folder: string): DatabaseSync {
  const path = databasePath(folder);
  requireReadable(folder, path);
  try {
    if (!inspect(path)) throw damaged(path, 'it is empty');
    const db = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
    db.exec('PRAGMA cache_size = -512');
    return db;
  } catch (error) {
    throw openError(path, error);
  }
}

/** A folder that is closed to this user is not one without a history. */
function requireReadable(folder: string, path: string): void {
  try {
    statSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT')
      throw new UserError(
        `there is no history in ${folder}: start Homeostat there first, or name its data folder`,
      );
    throw new UserError(
      `${folder}: the data folder cannot be read (${errorCode(error) ?? errorMessage(error)}); run as its owner or name another one with --data`,
    );
  }
}

/** Whether the file holds a history; false for an empty file, left by a start that was cut off. Read-only. */
function inspect(path: string): boolean {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
  try {
    const tables = db.prepare('SELECT count(*) AS count FROM sqlite_schema').get();
    if (tables?.count === 0) return false;
    const meta = db.prepare("SELECT count(*) AS count FROM sqlite_schema WHERE name = 'meta'").get();
    if (meta?.count !== 1) throw damaged(path, 'its tables are others');
    const version = db.prepare("SELECT value FROM meta WHERE key = 'schema'").get()?.value;
    if (typeof version !== 'number') throw damaged(path, 'it names no format');
    if (version > SCHEMA) {
      throw new UserError(
        `${path} was written by a newer Homeostat (format ${version}, this one reads up to ${SCHEMA}): update Homeostat, or choose another data folder`,
      );
    }
    return true;
  } finally {
    db.close();
  }
}

function create(db: DatabaseSync): void {
  db.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL');
  transaction(db, () => {
    db.exec(TABLES);
    db.prepare("INSERT INTO meta (key, value) VALUES ('schema', ?)").run(SCHEMA);
  });
}

const pageSize = (db: DatabaseSync): number => Number(db.prepare('PRAGMA page_size').get()?.page_size);

/** Bytes of the database file, and how many of them hold nothing. */
export class FileUse {
  readonly #pageSize: number;
  readonly #pages: StatementSync;
  readonly #free: StatementSync;

  constructor(db: DatabaseSync) {
    this.#pageSize = pageSize(db);
    this.#pages = db.prepare('PRAGMA page_count');
    this.#free = db.prepare('PRAGMA freelist_count');
  }

  get bytes(): number {
    return Number(this.#pages.get()?.page_count) * this.#pageSize;
  }

  get free(): number {
    return Number(this.#free.get()?.freelist_count) * this.#pageSize;
  }
}
