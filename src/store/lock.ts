import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makePrivateDirectory, writeFileAtomic } from '../lib/atomic-file.ts';
import { UserError } from '../lib/errors.ts';
import { createPrivately, isBusy, openError } from './sqlite.ts';

/**
 * Keeps a second daemon out of the folder. Node has no flock, SQLite has: a transaction held open on an empty database.
 * The kernel releases it when the process ends, however it ends; the file with the pid beside it is only for people.
 * Returns what releases the lock. Throws UserError where another process holds it or the folder cannot be written.
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'history.lock');
  const pidFile = join(folder, 'history.pid');
  try {
    makePrivateDirectory(folder);
    createPrivately(path);
    const lock = new DatabaseSync(path, { timeout: 0 });
    try {
      lock.exec('BEGIN EXCLUSIVE');
      writeFileAtomic(pidFile, `${process.pid}\n`);
    } catch (error) {
      lock.close();
      throw error;
    }
    return () => lock.close();
  } catch (error) {
    if (!isBusy(error)) throw openError(path, error);
    throw new UserError(
      `the history in ${folder} is in use by another Homeostat (${holder(pidFile)}): stop that one, or choose another data folder`,
    );
  }
}

function holder(pidFile: string): string {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
    return Number.isInteger(pid) ? `pid ${pid}` : 'its pid is not known';
  } catch {
    return 'its pid is not known';
  }
}
