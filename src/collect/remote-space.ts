import { type ChildProcess, execFile } from 'node:child_process';
import type { Space } from './host.ts';

/** After this it is killed, ms; where even that does not end it, the promise stays open. */
const PATIENCE_MS = 3000;

const pending = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of pending) child.kill('SIGKILL');
});

/**
 * Space of a file system that may never answer, asked by a process of its own: a thread of this process that waits for a
 * dead server could not be ended, and the process could not exit until the server is back.
 */
export function remoteSpace(path: string): Promise<Space> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'stat',
      // Block size, blocks, free, available, inodes, free inodes: coreutils and busybox agree on these.
      ['-f', '-c', '%S %b %f %a %c %d', '--', path],
      { timeout: PATIENCE_MS, killSignal: 'SIGKILL', env: { ...process.env, LC_ALL: 'C' } },
      (error, output) => {
        pending.delete(child);
        if (error) reject(reasonOf(error, child));
        else resolve(parseSpace(output));
      },
    );
    pending.add(child);
  });
}

function reasonOf(error: Error, child: ChildProcess): Error {
  if (child.killed) return Object.assign(new Error('it does not answer'), { code: 'ETIMEDOUT' });
  if (error.message.includes('spawn stat'))
    return new Error('the program stat, which asks it, cannot be run');
  const missing = error.message.includes('No such file');
  return missing ? Object.assign(new Error('it is gone'), { code: 'ENOENT' }) : error;
}

function parseSpace(output: string): Space {
  const [size = Number.NaN, total, free, available, files, filesFree] = output.trim().split(' ').map(Number);
  const bytes = (blocks = Number.NaN): number => blocks * size;
  return {
    total: bytes(total),
    free: bytes(free),
    available: bytes(available),
    files: files ?? Number.NaN,
    filesFree: filesFree ?? Number.NaN,
  };
}
