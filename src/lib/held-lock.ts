import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorCode } from './errors.ts';

/** SQLite's primary result code for what another process holds (sqlite.org/rescode.html). */
const BUSY = 5;

/** Another process holds the lock. */
export class LockHeld extends Error {
  override readonly name = 'LockHeld';
  /** Who, for people: `pid 4711`. */
  readonly holder: string;

  constructor(holder: string) {
    super(`held by another process (${holder})`);
    this.holder = holder;
  }
}

/**
 * Takes the lock `name` of a folder that is there, for as long as this process wants it; returns what releases it. Node has no
 * flock, SQLite has: a transaction held open on an empty database. The kernel releases it when the process ends, however it ends; the
 * file with the pid beside it is only for people. Throws LockHeld at once where another process has it, else a system or SQLite error.
 */
export function holdLock(folder: string, name: string): () => void {
  const path = join(folder, `${name}.lock`);
  const pidFile = join(folder, `${name}.pid`);
  makeEmpty(path);
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    // Not synced: a pid means nothing after a power loss, and a hub takes such locks all the time.
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    lock.close();
    throw isBusy(error) ? new LockHeld(holder(pidFile)) : error;
  }
  return () => lock.close();
}

/** Never opened where it exists: closing it again would end a lock that this process holds on it (POSIX locks are a process's). */
function makeEmpty(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

function isBusy(error: unknown): boolean {
  if (errorCode(error) !== 'ERR_SQLITE_ERROR') return false;
  const { errcode } = error as Error & { errcode?: number };
  return errcode !== undefined && (errcode & 0xff) === BUSY;
}

function holder(pidFile: string): string {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
    return Number.isInteger(pid) ? `pid ${pid}` : 'its pid is not known';
  } catch {
    return 'its pid is not known';
  }
}
