import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Whoever holds such a lock does so for some ms. */
const LONGEST_WAIT_MS = 5000;

/**
 * Does `work` while no other process does work under the same lock file. Node has no flock, SQLite has: the kernel frees
 * the lock when a process ends, however it ends. Throws where the lock cannot be had within five seconds.
 */
export function exclusively<T>(lockFile: string, work: () => T): T {
  closeSync(openSync(lockFile, 'a', 0o600));
  const lock = new DatabaseSync(lockFile, { timeout: LONGEST_WAIT_MS });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return work();
  } finally {
    lock.close();
  }
}
