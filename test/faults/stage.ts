import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.ts';

/** A process that a fault started; it ends with the run, whatever happens to the run. */
export interface Actor {
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  /** The first line that it says. */
  firstLine(): Promise<string>;
  end(): Promise<void>;
}

/** Where faults are made: processes by pid, a folder, a small disk. */
export class Stage {
  /** Files that faults write are here, not in memory where /tmp is. */
  readonly folder: string;
  readonly #cleanup: Cleanup;

  constructor(cleanup: Cleanup) {
    this.#cleanup = cleanup;
    const base = process.env.TMPDIR ?? (process.platform === 'linux' ? '/var/tmp' : tmpdir());
    this.folder = mkdtempSync(join(base, 'homeostat-faults-'));
    cleanup.add(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  /** Runs `programs/NAME.mjs`. */
  run(name: string, ...args: readonly (string | number)[]): Actor {
    const program = new URL(`programs/${name}.mjs`, import.meta.url).pathname;
    const child = spawn(process.execPath, [program, ...args.map(String)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { pid } = child;
    if (pid === undefined) throw new Error(`${program} could not be started`);
    // The lifeline breaks when the process ends first: that is no news.
    child.stdin.on('error', () => {});
    const end = (): Promise<void> => ended(child);
    this.#cleanup.add(end);
    const line = new Promise<string>((resolve) => {
      child.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()));
    });
    return { pid, end, signal: (signal) => void child.kill(signal), firstLine: () => line };
  }

  /** A named pipe. */
  pipe(): string {
    const path = join(this.folder, 'pipe');
    command('mkfifo', path);
    return path;
  }

  /**
   * A disk of `megabytes` to fill: a file system in a file where this may be mounted, else a folder. `isDisk` tells
   * which: filling a folder moves no disk's usage that anybody would notice.
   */
  disk(megabytes: number): { readonly folder: string; readonly isDisk: boolean } {
    const image = join(this.folder, 'disk.img');
    const folder = join(this.folder, 'disk');
    mkdirSync(folder);
    try {
      command('truncate', '-s', `${megabytes}M`, image);
      command('mkfs.ext4', '-q', '-F', image);
      command('mount', '-o', 'loop', image, folder);
    } catch {
      return { folder, isDisk: false };
    }
    this.#cleanup.add(() => command('umount', '-l', folder));
    return { folder, isDisk: true };
  }
}

function command(name: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(name, args, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${name} ${args.join(' ')}: ${stderr.trim()}`);
}

/** SIGKILL ends a stopped process too; its children lose their lifeline and follow. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  child.kill('SIGKILL');
  await exit;
}
