import { chmodSync, rmSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { openFile } from './log-file.ts';
import { SyncBeside, type SyncFile } from './sync-beside.ts';

/** The outbox's file while it is open. */
export interface OutboxFile {
  readonly db: DatabaseSync;
  readonly insert: StatementSync;
  readonly select: StatementSync;
  /** Undefined where each commit is an fsync of the thread that commits. */
  readonly beside: SyncBeside | undefined;
}

/** Throws UserError where the file cannot be opened, is damaged, or is from a newer version. */
export function openOutboxFile(path: string, sync: SyncFile | undefined): OutboxFile {
  const db = openFile(path, { columns: ', rank INTEGER NOT NULL', shrinks: true });
  try {
    return prepare(db, path, sync);
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepare(db: DatabaseSync, path: string, sync: SyncFile | undefined): OutboxFile {
  db.exec(`
    PRAGMA cache_size = -512;
    BEGIN IMMEDIATE;
    CREATE INDEX IF NOT EXISTS wal_by_rank ON wal (rank, id);
    CREATE TABLE IF NOT EXISTS wal_dropped (
      class TEXT PRIMARY KEY, count INTEGER NOT NULL, last_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    COMMIT;
  `);
  return {
    db,
    insert: db.prepare(
      `INSERT OR IGNORE INTO wal (id, idempotency_key, ts_ns, bytes, checksum, kind, source, received_at, rank)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    select: db.prepare('SELECT id, bytes FROM wal WHERE id > ? AND id <= ? ORDER BY id LIMIT ?'),
    beside: sync && new SyncBeside(db, path, sync),
  };
}

export function closeOutboxFile({ db, beside }: OutboxFile): void {
  db.close();
  beside?.closeFiles();
}

/** Writes all of it anew beside it: the copy's path. */
export function copyOutboxFile({ db }: OutboxFile, path: string): string {
  const copy = `${path}.new`;
  removeSqlite(copy);
  db.prepare('VACUUM INTO ?').run(copy);
  chmodSync(copy, 0o600);
  return copy;
}

/** A database and what SQLite keeps beside it. */
function removeSqlite(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
}
