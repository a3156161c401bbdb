import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import type { Prefix } from './daemon.ts';

const isRoot = process.getuid?.() === 0;

/**
 * What becomes the rest of the line in mounts of its own, after `script` (`sh`; `$0` is `folder`) has run there. They are
 * gone with the process. Root, or a user who may make user namespaces, can do this; throws for anybody else.
 */
export function inOwnMounts(script: string, folder: string): Prefix {
  const unshare = isRoot ? ['unshare', '--mount'] : ['unshare', '--map-root-user', '--mount'];
  const [command, ...args] = unshare;
  const tried = spawnSync(command!, [...args, 'true'], { encoding: 'utf8' });
  if (tried.status !== 0)
    throw new Error(
      `this test needs mounts of its own: run it as root or allow user namespaces (${tried.error?.message ?? tried.stderr.trim()})`,
    );
  mkdirSync(folder, { recursive: true });
  return [...unshare, 'sh', '-c', `set -e; ${script}; exec "$@"`, folder];
}

/** A disk in memory of that many bytes in the place of `folder`. */
export const onSmallDisk = (folder: string, bytes: number): Prefix =>
  inOwnMounts(`mount -t tmpfs -o size=${bytes},mode=700 tmpfs "$0"`, folder);

/** `folder` as a process with other mounts sees it. */
export const seenBy = (pid: number, folder: string): string => `/proc/${pid}/root${folder}`;

/** What follows runs in the mounts of `pid`. */
export const inMountsOf = (pid: number): Prefix => [
  'nsenter',
  `--target=${pid}`,
  ...(isRoot ? [] : ['--user', '--preserve-credentials']),
  '--mount',
];
