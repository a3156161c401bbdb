import { errorCode, errorMessage, UserError } from '../lib/errors.ts';
import { holdLock, LockHeld } from '../lib/held-lock.ts';

/**
 * Keeps everybody else from writing in the hub's folder, which is there. Returns what releases it. Throws UserError where another
 * hub, or a `wal reset`, has it.
 */
export function lockHub(folder: string): () => void {
  try {
    return holdLock(folder, 'hub');
  } catch (error) {
    if (error instanceof LockHeld)
      throw new UserError(
        `${folder} is in use by another hub or 'wal reset' (${error.holder}): end that one first, or name another folder with --data`,
      );
    throw new UserError(
      `${folder}: the hub's folder cannot be locked (${errorCode(error) === 'ERR_SQLITE_ERROR' ? errorMessage(error) : (errorCode(error) ?? errorMessage(error))}); check its owner and mode, or name another one with --data`,
    );
  }
}
