import { type ChildProcess, execFile } from 'node:child_process';
import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { errorCode } from '../lib/errors.ts';
import { DENIED, type Host, MISSING, type Space, UNREADABLE } from './host.ts';

const FIRST_SIZE = 64 * 1024;
/** Files kept open at once: what collectors read each second, with room; the usual limit of a process is 1024. */
const KEPT_OPEN = 192;
/** A read of a process's file that brings less than this has brought all of it: the kernel makes those in one piece. */
const ONE_PIECE = 2048;

/** The machine itself. */
export function createLiveHost(): Host {
  return new LiveHost();
}

class LiveHost implements Host {
  readonly platform = process.platform;
  buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_SIZE);
  /**
   * Opening costs as much as reading (about 7 of 15 µs), and the files of the machine are the same each second; those
   * of processes are not kept, there are too many.
   */
  readonly #open = new Map<string, number>();

  read(path: string): number {
    if (isProcessFile(path)) return this.#readOnce(path, ONE_PIECE);
    const kept = this.#open.get(path);
    if (kept === undefined) return this.#readAndKeep(path);
    try {
      return this.#readAll(kept, 1);
    } catch {
      // The device behind it is gone, or another has come under its name: the path decides.
      this.#open.delete(path);
      closeSync(kept);
      return this.#readOnce(path, 1);
    }
  }

  list(path: string): readonly string[] | typeof MISSING | typeof DENIED | typeof UNREADABLE {
    try {
      return readdirSync(path);
    } catch (error) {
      return reason(error);
    }
  }

  link(path: string): string | typeof MISSING | typeof DENIED | typeof UNREADABLE {
    try {
      return readlinkSync(path);
    } catch (error) {
      return reason(error);
    }
  }

  async space(path: string, mayHang = false): Promise<Space> {
    if (mayHang) return remoteSpace(path);
    const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path);
    return {
      total: blocks * bsize,
      free: bfree * bsize,
      available: bavail * bsize,
      files,
      filesFree: ffree,
    };
  }

  #readOnce(path: string, enough: number): number {
    let file = -1;
    try {
      file = openSync(path, 'r');
      return this.#readAll(file, enough);
    } catch (error) {
      return reason(error);
    } finally {
      if (file >= 0) closeSync(file);
    }
  }

  #readAndKeep(path: string): number {
    if (this.#open.size >= KEPT_OPEN) return this.#readOnce(path, 1);
    let file = -1;
    try {
      file = openSync(path, 'r');
      const length = this.#readAll(file, 1);
      this.#open.set(path, file);
      return length;
    } catch (error) {
      if (file >= 0) closeSync(file);
      return reason(error);
    }
  }

  /** Reads from the file's beginning until a read brings less than `enough`; leaves a 0 byte behind the last one. */
  #readAll(file: number, enough: number): number {
    let length = 0;
    for (;;) {
      const room = this.buffer.length - 1 - length;
      const count = readSync(file, this.buffer, length, room, length);
      length += count;
      if (count === room) this.#grow(length);
      else if (count < enough) break;
    }
    this.buffer[length] = 0;
    return length;
  }

  #grow(length: number): void {
    const larger = Buffer.allocUnsafeSlow(this.buffer.length * 2);
    this.buffer.copy(larger, 0, 0, length);
    this.buffer = larger;
  }
}

/** `/proc/4711/...`; `/proc/self/mountinfo` is not one: its lines can be longer than one piece. */
function isProcessFile(path: string): boolean {
  const digit = path.charCodeAt(6);
  return digit >= 48 && digit <= 57 && path.startsWith('/proc/');
}

function reason(error: unknown): typeof MISSING | typeof DENIED | typeof UNREADABLE {
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR' || code === 'ENODEV') return MISSING;
  return code === 'EACCES' || code === 'EPERM' ? DENIED : UNREADABLE;
}

/** After this it is killed, ms; where even that does not end it, the promise stays open. */
const SPACE_PATIENCE_MS = 3000;

const asking = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of asking) child.kill('SIGKILL');
});

/**
 * Space of a file system that may never answer, asked by a process of its own: a thread of this process that waits for a
 * dead server could not be ended, and the process could not exit until the server is back.
 */
function remoteSpace(path: string): Promise<Space> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'stat',
      // Block size, blocks, free, available, inodes, free inodes: coreutils and busybox agree on these.
      ['-f', '-c', '%S %b %f %a %c %d', '--', path],
      { timeout: SPACE_PATIENCE_MS, killSignal: 'SIGKILL', env: { ...process.env, LC_ALL: 'C' } },
      (error, output) => {
        asking.delete(child);
        if (error) reject(reasonOf(error, child));
        else resolve(parseSpace(output));
      },
    );
    asking.add(child);
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
