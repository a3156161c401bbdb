import { lstatSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { withWalk } from '../advise/walks.ts';
import { readWalks, WALKS_FILE } from '../agent/advisor.ts';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { errorCode, UserError } from '../lib/errors.ts';
import { folderSizes } from '../lib/folder-sizes.ts';
import { duration } from '../lib/text.ts';

/** A minute and ten million entries at most; so many folders are kept. */
const BOUNDS = { milliseconds: 60_000, entries: 10_000_000, folders: 2000 };

/** Measures the folders of a file system at the lowest priority and keeps that beside the last walks. Returns a line for people. */
export function walkFolders(data: string, mount: string): string {
  if (!lstatSync(mount, { throwIfNoEntry: false })?.isDirectory())
    throw new UserError(`--walk ${mount}: there is no such folder; 'df' lists the mount points`);
  setPriority(constants.priority.PRIORITY_LOW);
  const began = performance.now();
  const { sizes, isPartial, entries, denied } = folderSizes(mount, BOUNDS);
  const path = join(data, WALKS_FILE);
  try {
    writeFileAtomic(
      path,
      JSON.stringify(withWalk(readWalks(path), mount, { at: Date.now(), isPartial, sizes })),
    );
  } catch (error) {
    throw new UserError(
      `${path} cannot be written (${errorCode(error) ?? error}); run as the user that Homeostat runs as`,
      1,
    );
  }
  const unread = denied > 0 ? `, ${denied} folders may not be read` : '';
  return `${entries} entries of ${mount} measured in ${duration(performance.now() - began)}${isPartial ? ', not to the end' : ''}${unread}`;
}
