import { join } from 'node:path';
import { makePrivateDirectory } from '../lib/atomic-file.ts';
import { UserError } from '../lib/errors.ts';
import { holdLock, LockHeld } from '../lib/held-lock.ts';
import { openError } from './sqlite.ts';

/**
 * Keeps a second daemon out of the folder. Returns what releases the lock. Throws UserError where another process holds it or the
 * folder cannot be written.
 */
export function lockFolder(folder: string): () => void {
  try {
    makePrivateDirectory(folder);
    return holdLock(folder, 'history');
  } catch (error) {
    if (!(error instanceof LockHeld)) throw openError(join(folder, 'history.lock'), error);
    throw new UserError(
      `the history in ${folder} is in use by another Homeostat (${error.holder}): stop that one, or choose another data folder`,
    );
  }
}
