import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Client, findRunning } from '../../src/cli/client.ts';
import type { Status } from '../../src/model/status.ts';

const HOMEOSTAT = fileURLToPath(new URL('../../bin/homeostat.mjs', import.meta.url));

/** How a run of the command ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Stands before `node homeostat.mjs ...`: what changes the world first and then becomes the rest of the line. */
export type Prefix = readonly string[];

/** A folder of this test alone, with a `home` in it; removed when the test ends. */
export function ownFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-test-'));
  mkdirSync(join(folder, 'home'));
  // Daemons of other users reach their own folders in it.
  chmodSync(folder, 0o755);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An environment in which nothing of this user's own is found. */
function environment(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: home, TZ: 'UTC', COLUMNS: '80', NO_COLOR: '1' };
}

function start(folder: string, args: readonly string[], env: NodeJS.ProcessEnv, prefix: Prefix) {
  const [command, ...rest] = [...prefix, process.execPath, HOMEOSTAT, ...args];
  const child = spawn(command!, rest, {
    cwd: folder,
    env: { ...environment(join(folder, 'home')), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...said }));
  });
  return { child, said, ended };
}

/** Runs one command line in `folder` to its end, which must come within a minute. */
export async function homeostat(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  prefix: Prefix = [],
): Promise<Ended> {
  const { child, ended } = start(folder, args, env, prefix);
  const overdue = setTimeout(() => child.kill('SIGKILL'), 60_000);
  try {
    return await ended;
  } finally {
    clearTimeout(overdue);
  }
}

/** Runs one command line and presses Ctrl-C as soon as it has said `cue` on standard error. */
export async function interrupted(folder: string, args: readonly string[], cue: RegExp): Promise<Ended> {
  const { child, said, ended } = start(folder, args, {}, []);
  const listen = (): void => {
    if (!cue.test(said.stderr)) return;
    child.stderr.off('data', listen);
    child.kill('SIGINT');
  };
  child.stderr.on('data', listen);
  const overdue = setTimeout(() => child.kill('SIGKILL'), 60_000);
  try {
    return await ended;
  } finally {
    clearTimeout(overdue);
  }
}

/** A real Homeostat with a data folder of its own; it ends with the test at the latest. */
export class Daemon {
  /** As it is seen from here. */
  readonly folder: string;
  readonly client: Client;
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;

  private constructor(folder: string, client: Client, child: ChildProcess, ended: Promise<Ended>) {
    this.folder = folder;
    this.client = client;
    this.#child = child;
    this.#ended = ended;
  }

  /**
   * Starts it on a free port with the data folder `data` below `folder`, and waits until it answers.
   * `seenAt` tells where the data folder of a process is, if not where the process itself sees it.
   */
  static async start(
    t: { after(undo: () => void | Promise<void>): void },
    folder: string,
    options: {
      /** Default: up. */
      readonly command?: 'up' | 'agent';
      readonly args?: readonly string[];
      readonly env?: NodeJS.ProcessEnv;
      readonly prefix?: Prefix;
      readonly seenAt?: (pid: number, data: string) => string;
    } = {},
  ): Promise<Daemon> {
    const data = join(folder, 'data');
    const args = [options.command ?? 'up', '--data', data, '--port', '0', ...(options.args ?? [])];
    const { child, said, ended } = start(folder, args, options.env ?? {}, options.prefix ?? []);
    t.after(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const seen = options.seenAt?.(child.pid!, data) ?? data;
    for (let end = Date.now() + 60_000; Date.now() < end && child.exitCode === null; await sleep(20)) {
      const client = findRunning(seen);
      if (client) return new Daemon(seen, client, child, ended);
    }
    throw new Error(`homeostat did not start: ${said.stderr || said.stdout || 'it said nothing'}`);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  status(): Promise<Status> {
    return this.client.get<Status>('status');
  }

  /** Asks for the status until it is as wanted, half a minute at most. */
  async until(wanted: (status: Status) => boolean, what: string): Promise<Status> {
    for (let end = Date.now() + 30_000; ; await sleep(100)) {
      const status = await this.status();
      if (wanted(status)) return status;
      if (Date.now() > end) throw new Error(`${what} did not come: ${JSON.stringify(status, null, 1)}`);
    }
  }

  /** What it logged, one line an event. */
  log(): string {
    return readFileSync(join(this.folder, 'daemon.log'), 'utf8');
  }

  async end(signal: NodeJS.Signals = 'SIGINT'): Promise<Ended> {
    this.#child.kill(signal);
    return await this.#ended;
  }
}
