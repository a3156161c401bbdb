import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface FolderSizes {
  /** Bytes that a folder takes on the disk with all below it, by path; small ones are left out. */
  readonly sizes: Readonly<Record<string, number>>;
  /** It was broken off at its bound. */
  readonly isPartial: boolean;
  /** What was looked at, and folders that may not be read. */
  readonly entries: number;
  readonly denied: number;
}

export interface FolderBounds {
  readonly milliseconds: number;
  readonly entries: number;
  /** Folders that are told, the largest ones. */
  readonly folders: number;
}

const BLOCK = 512;
/** The clock is asked each so many entries. */
const ASK_EVERY = 256;

/**
 * Sizes of the folders of one file system, as du(1) counts: blocks on the disk, hard links once, nothing of other file systems and no links
 * followed. Breadth first, so that what was not reached is deep. Blocks the thread: only for commands.
 */
export function folderSizes(root: string, bounds: FolderBounds): FolderSizes {
  const { dev } = lstatSync(root);
  const walk = { own: new Map<string, number>(), queue: [root], links: new Set<number>(), dev, entries: 0 };
  const until = performance.now() + bounds.milliseconds;
  const isOver = (): boolean =>
    walk.entries >= bounds.entries || (walk.entries % ASK_EVERY === 0 && performance.now() > until);
  let denied = 0;
  let place = 0;
  let isPartial = false;
  for (; place < walk.queue.length && !isPartial; place++) {
    const folder = walk.queue[place]!;
    const found = read(folder);
    if (!found) denied++;
    let bytes = 0;
    for (const name of found ?? []) {
      walk.entries++;
      isPartial ||= isOver();
      if (isPartial) break;
      bytes += take(join(folder, name), walk);
    }
    walk.own.set(folder, bytes);
  }
  const sizes = largest(summed(walk.own, root), bounds.folders);
  return { sizes, isPartial, entries: walk.entries, denied };
}

/** Bytes of one entry on the disk, 0 of what does not count; a folder is to be looked into later. */
function take(
  path: string,
  { dev, queue, links }: { readonly dev: number; readonly queue: string[]; readonly links: Set<number> },
): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat || stat.dev !== dev) return 0;
  if (stat.isDirectory()) queue.push(path);
  else if (stat.nlink > 1) {
    if (links.has(stat.ino)) return 0;
    links.add(stat.ino);
  }
  return stat.blocks * BLOCK;
}

function read(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch {
    return undefined;
  }
}

/** Each folder with all below it. Parents stand before their children in `own`. */
function summed(own: ReadonlyMap<string, number>, root: string): Map<string, number> {
  const sizes = new Map(own);
  for (const folder of [...own.keys()].reverse()) {
    if (folder === root) continue;
    const parent = folder.slice(0, folder.lastIndexOf('/')) || '/';
    sizes.set(parent, (sizes.get(parent) ?? 0) + sizes.get(folder)!);
  }
  return sizes;
}

const largest = (sizes: ReadonlyMap<string, number>, most: number): Record<string, number> =>
  Object.fromEntries([...sizes].sort(([, one], [, other]) => other - one).slice(0, most));
