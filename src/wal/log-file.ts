import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';

const VERSION = 1;

/** The largest id that a record ever had, 0 before the first: SQLite keeps it for AUTOINCREMENT, also when the record is gone. */
const LAST_GIVEN = "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'wal'";

export interface LogStats {
  readonly records: number;
  /** Payload, and the whole file without what is free in it. */
  readonly bytes: number;
  readonly fileBytes: number;
  readonly firstId: number | undefined;
  readonly lastId: number | undefined;
  /** Sender's times, ns since the epoch. */
  readonly oldestNs: bigint | undefined;
  readonly newestNs: bigint | undefined;
  /** Records removed at the bound since the log was made. */
  readonly dropped: number;
  /** Ids that were given since the log was made and are not there: those that were dropped, and what was lost. */
  readonly missing: number;
}

/** How a log differs from the hub's. */
interface FileOptions {
  /** Columns that it has besides: `, name TYPE`. */
  readonly columns?: string;
  /** What is free in it can be given back to the file system. */
  readonly shrinks?: boolean;
}

/** Opens the log for its one writer. Throws UserError. */
export function openFile(path: string, { columns = '', shrinks = false }: FileOptions = {}): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    createPrivately(path);
    db = new DatabaseSync(path, { timeout: 5000 });
    // Only before anything else is in the file.
    if (shrinks) db.exec('PRAGMA auto_vacuum = INCREMENTAL');
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 100');
    const { user_version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    refuseNewer(path, user_version);
    // In one transaction: each is an fsync.
    db.exec(`
      BEGIN IMMEDIATE;
      CREATE TABLE IF NOT EXISTS wal (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        idempotency_key TEXT NOT NULL UNIQUE,
        ts_ns INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        checksum INTEGER NOT NULL,
        kind TEXT NOT NULL,
        source TEXT NOT NULL,
        received_at INTEGER NOT NULL${columns}
      );
      CREATE TABLE IF NOT EXISTS wal_facts (dropped INTEGER NOT NULL);
      INSERT INTO wal_facts (dropped) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM wal_facts);
      CREATE TABLE IF NOT EXISTS wal_keys (
        idempotency_key TEXT NOT NULL UNIQUE, received_at INTEGER NOT NULL, source TEXT NOT NULL DEFAULT ''
      );
      CREATE TABLE IF NOT EXISTS wal_name (id TEXT NOT NULL);
      INSERT INTO wal_name (id) SELECT lower(hex(randomblob(8))) WHERE NOT EXISTS (SELECT 1 FROM wal_name);
      PRAGMA user_version = ${VERSION};
      COMMIT;
    `);
    const hasSource = db.prepare("SELECT 1 FROM pragma_table_info('wal_keys') WHERE name = 'source'").get();
    if (!hasSource) db.exec("ALTER TABLE wal_keys ADD COLUMN source TEXT NOT NULL DEFAULT ''");
    return db;
  } catch (error) {
    db?.close();
    throw cannotOpen(path, error);
  }
}

/** Opens the log beside its writer. Throws UserError. */
export function openForReading(path: string): DatabaseSync {
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
    const { user_version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    refuseNewer(path, user_version);
    return db;
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

function refuseNewer(path: string, version: number): void {
  if (version <= VERSION) return;
  throw new UserError(
    `${path} is from a newer Homeostat (log version ${version}, this one knows ${VERSION}): update Homeostat`,
  );
}

function cannotOpen(path: string, error: unknown): Error {
  if (error instanceof UserError) return error;
  return new UserError(
    `${path}: the log cannot be opened (${errorCode(error) === 'ERR_SQLITE_ERROR' ? errorMessage(error) : (errorCode(error) ?? errorMessage(error))}); check the path, its owner and its mode`,
  );
}

function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

/** Bytes of the file without what is free in it. */
export function usedBytes(db: DatabaseSync): number {
  return (pragma(db, 'page_count') - freePages(db)) * pragma(db, 'page_size');
}

/** Pages of the file in which nothing is. */
export const freePages = (db: DatabaseSync): number => pragma(db, 'freelist_count');

const pragma = (db: DatabaseSync, name: string): number =>
  Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0] as number;

/** Walks all rows. One statement, so that all is of one moment, also while the log is written. */
export function statsOf(db: DatabaseSync): LogStats {
  const select = db.prepare(
    `SELECT COUNT(*) AS records, TOTAL(LENGTH(bytes)) AS bytes, MIN(id) AS first, MAX(id) AS last, MIN(ts_ns) AS oldest, MAX(ts_ns) AS newest,
       (SELECT dropped FROM wal_facts) AS dropped, (${LAST_GIVEN}) AS given
     FROM wal`,
  );
  select.setReadBigInts(true);
  const row = select.get() as {
    records: bigint;
    bytes: number;
    first: bigint | null;
    last: bigint | null;
    oldest: bigint | null;
    newest: bigint | null;
    dropped: bigint;
    given: bigint;
  };
  const time = (value: bigint | null): bigint | undefined =>
    value === null ? undefined : BigInt.asUintN(64, value);
  return {
    records: Number(row.records),
    bytes: row.bytes,
    fileBytes: usedBytes(db),
    firstId: row.first === null ? undefined : Number(row.first),
    lastId: row.last === null ? undefined : Number(row.last),
    oldestNs: time(row.oldest),
    newestNs: time(row.newest),
    dropped: Number(row.dropped),
    missing: Number(row.given - row.records),
  };
}
