import { accessSync, chmodSync, constants, statSync } from 'node:fs';
import { makeDirectory, makePrivateDirectory } from '../lib/atomic-file.ts';
import { errorCode, errorMessage, UserError } from '../lib/errors.ts';

/** Makes the folder of the logs where it is missing, for its owner and, to read, its group. Throws a UserError. Returns it. */
export function openLogFolder(folder: string): string {
  try {
    makeDirectory(folder, 0o750);
    accessSync(folder, constants.W_OK | constants.X_OK);
    return folder;
  } catch (error) {
    throw new UserError(
      `${folder}: nothing can be logged there (${errorCode(error) ?? errorMessage(error)}); check its owner and mode, or name another one with --logs`,
    );
  }
}

/** Makes the folder where it is missing, closes it to others, and sees that it can be used. Throws a UserError. */
export function openDataFolder(folder: string): void {
  try {
    makePrivateDirectory(folder);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const { mode, uid } = statSync(folder);
    // Only its owner can close it; whoever runs with somebody else's folder was let in on purpose.
    if ((mode & 0o077) !== 0 && uid === process.getuid?.()) chmodSync(folder, 0o700);
  } catch (error) {
    throw new UserError(
      `${folder}: the data folder cannot be used (${errorCode(error) ?? errorMessage(error)}); check its owner and mode, or name another one with --data`,
    );
  }
}
