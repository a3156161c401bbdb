import { close, closeSync, fdatasync, openSync, type PathLike } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';

/** Makes what was written to a file durable, in another thread. */
export type SyncFile = (file: number) => Promise<void>;

export const syncFile: SyncFile = promisify(fdatasync);

/** So much in SQLite's write-ahead log goes into the database, bytes. */
const CHECKPOINT_BYTES = 4 * 2 ** 20;
/** Of a commit, beside what it writes. */
const COMMIT_BYTES = 16 * 1024;

/**
 * Does what SQLite does with `synchronous` FULL, without the thread that commits: the write-ahead log is made durable after a commit, and before any of it goes
 * into the database, which is made durable before that log is begun anew. SQLite itself is told to sync nothing. Nothing may be written to the
 * database before `settle` has ended. Its files stay open as long as the database, as closing them would end SQLite's locks.
 */
export class SyncBeside {
  readonly #sync: SyncFile;
  readonly #db: DatabaseSync;
  readonly #files: { readonly database: number; readonly log: number };
  #sinceCheckpoint = 0;

  /** The log is there: something was written. */
  constructor(db: DatabaseSync, path: string, sync: SyncFile) {
    this.#db = db;
    this.#sync = sync;
    db.exec('PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0');
    this.#files = { database: openSync(path, 'r+'), log: openSync(`${path}-wal`, 'r+') };
  }

  /** `bytes` were written in a commit: resolves when they are durable. Rejects where they may never be, whatever is said later. */
  async settle(bytes: number): Promise<void> {
    await this.#sync(this.#files.log);
    this.#sinceCheckpoint += bytes + COMMIT_BYTES;
    if (this.#sinceCheckpoint < CHECKPOINT_BYTES || !this.#db.isOpen) return;
    this.#sinceCheckpoint = 0;
    this.#db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    await this.#sync(this.#files.database);
  }

  /** SQLite syncs by itself from now on. */
  end(): void {
    this.#db.exec('PRAGMA synchronous = FULL');
  }

  /** To be called when the database is closed. */
  closeFiles(): void {
    closeSync(this.#files.database);
    closeSync(this.#files.log);
  }
}

/** The file is durable, and so is its name. */
export async function syncWhole(path: string, sync: SyncFile): Promise<void> {
  await syncPath(path, 'r+', sync);
}

/** Names in the folder are durable. */
export const syncFolder = (path: string, sync: SyncFile): Promise<void> => syncPath(dirname(path), 'r', sync);

async function syncPath(path: PathLike, flags: string, sync: SyncFile): Promise<void> {
  const file = openSync(path, flags);
  try {
    await sync(file);
  } finally {
    close(file);
  }
}
