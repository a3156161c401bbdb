import { closeSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';

/** SQLite's primary result codes (sqlite.org/rescode.html) that a person can do something about. */
const READ_ONLY = 8;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

/** The primary result code of an error of node:sqlite; undefined for any other error. */
function resultCode(error: unknown): number | undefined {
  if (errorCode(error) !== 'ERR_SQLITE_ERROR') return undefined;
  const { errcode } = error as Error & { errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
}

/** Why something could not be stored, in the words of the coverage ledger. */
export function whyNotStored(error: unknown): string {
  const code = resultCode(error);
  if (code === FULL) return 'the disk is full';
  if (code === READ_ONLY) return 'the data folder is read-only';
  return `the history could not be written: ${errorMessage(error)}`;
}

/** The UserError for a history that cannot be opened. */
export function openError(path: string, error: unknown): Error {
  if (error instanceof UserError) return error;
  const code = resultCode(error);
  if (code === NOT_A_DATABASE || code === CORRUPT) return damaged(path, errorMessage(error));
  const system = errorCode(error);
  if (code === CANNOT_OPEN || code === READ_ONLY || system === 'EACCES' || system === 'EROFS') {
    return new UserError(
      `cannot open ${path} (${errorMessage(error)}): make the folder readable and writable for this user, or choose another data folder`,
    );
  }
  return new UserError(`cannot open ${path}: ${errorMessage(error)}`);
}

export const damaged = (path: string, why: string): UserError =>
  new UserError(
    `${path} is damaged or is no history of Homeostat (${why}): move it away, for instance to ${path}.damaged, and start again`,
  );

/** Makes an empty file for SQLite that only its owner can read; -wal and -shm take its mode. No error where it exists. */
export function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

/** Runs `work` in one transaction: all of it or nothing. Rethrows what it throws. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has rolled back by itself after a full disk or an I/O error.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
