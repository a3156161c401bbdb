import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes the whole file or nothing: into a temporary neighbour, fsync, then rename over the old one.
 * A reader, or a crash at any moment, sees either the old bytes or the new ones.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o600): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, 'w', mode);
    try {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(file, bytes, offset);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

/** Makes a rename in `directory` durable. Where directories cannot be synced (Windows) the rename itself must do. */
function syncDirectory(directory: string): void {
  let handle: number;
  try {
    handle = openSync(directory, 'r');
  } catch {
    return;
  }
  try {
    fsyncSync(handle);
  } catch {
    // Not every file system can sync a directory.
  } finally {
    closeSync(handle);
  }
}

/** Makes `directory` and its parents where they are missing, readable by their owner alone. Throws a system error. */
export function makePrivateDirectory(directory: string): void {
  makeDirectory(directory, 0o700);
}

/**
 * Makes `directory` and its parents where they are missing. Throws a system error.
 * Step by step: Node's own `recursive` never ends where a folder exists but none can be made in it (/proc).
 */
export function makeDirectory(directory: string, mode: number): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(directory);
  if (parent !== directory) makeDirectory(parent, mode);
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    // Somebody else was faster; a file in its place is none.
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
