import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Reloaded } from '../config/reload.ts';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { errorCode, UserError } from '../lib/errors.ts';
import { hubFolder } from './hub-folder.ts';

/** What a running Homeostat leaves in its data folder so that commands find it. Removed at a clean end. */
export interface RunFile {
  readonly address: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly token?: string;
  /** What the latest reload of the configuration came to. */
  readonly reloaded?: ReloadNote;
}

export const RUN_FILE = 'homeostat.json';

/** What a reload came to, for 'homeostat config reload' to tell. */
export interface ReloadNote extends Reloaded {
  /** Wall clock, ms. */
  readonly at: number;
}

/** The running Homeostat of a data folder. */
export class Client {
  readonly run: RunFile;

  constructor(run: RunFile) {
    this.run = run;
  }

  /** GET below /api/v1/. Throws a UserError (exit code 1) where it does not answer, or the API's own complaint. */
  async get<T>(
    path: string,
    query: Readonly<Record<string, string | number | readonly string[] | undefined>> = {},
  ): Promise<T> {
    const url = new URL(`/api/v1/${path}`, this.run.address);
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined) continue;
      for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
    }
    let response: Response;
    try {
      const headers: Record<string, string> =
        this.run.token === undefined ? {} : { authorization: `Bearer ${this.run.token}` };
      response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
    } catch (error) {
      throw new UserError(
        `no answer from ${this.run.address} (pid ${this.run.pid}): ${reason(error)}; if it was killed, start it again with 'homeostat up'`,
        1,
      );
    }
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok) return body as T;
    const complaint =
      typeof body === 'object' && body !== null && 'error' in body
        ? String(body.error)
        : `HTTP ${response.status}`;
    throw new UserError(complaint, response.status === 400 || response.status === 404 ? 2 : 1);
  }
}

/** The Homeostat that runs with this data folder, or undefined. A run file that a killed process left behind is not believed. */
export function findRunning(dataFolder: string): Client | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataFolder, RUN_FILE), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new UserError(
      `${dataFolder}: the data folder cannot be read (${errorCode(error)}); run as its owner or name another one with --data`,
    );
  }
  const run = parseRun(text);
  return run && alive(run.pid) ? new Client(run) : undefined;
}

/** Removes the run file of this process, and of no other. */
export function removeRunFile(dataFolder: string): void {
  const path = join(dataFolder, RUN_FILE);
  try {
    if (parseRun(readFileSync(path, 'utf8'))?.pid === process.pid) rmSync(path);
  } catch {
    // It was never written, or a disk that became read-only keeps it: nobody believes it once this process is gone.
  }
}

/** Adds to the run file of this process what a reload came to. Whoever asked before it was written hears nothing. */
export function noteReload(dataFolder: string, reloaded: ReloadNote): void {
  const path = join(dataFolder, RUN_FILE);
  try {
    const run = parseRun(readFileSync(path, 'utf8'));
    if (run?.pid === process.pid) writeFileAtomic(path, JSON.stringify({ ...run, reloaded }));
  } catch {
    // A full disk, or not written yet: the log says it too.
  }
}

/** Undefined for what is no run file: it is written whole or not at all, so nobody runs who wrote that. */
function parseRun(text: string): RunFile | undefined {
  try {
    const run = JSON.parse(text) as Partial<RunFile> | null;
    return Number.isInteger(run?.pid) && URL.canParse(run?.address ?? '') ? (run as RunFile) : undefined;
  } catch {
    return undefined;
  }
}

/** As `findRunning`, for commands that have nothing to say without it. With a host: the hub that keeps it. */
export function requireRunning(dataFolder: string, host?: string): Client {
  if (host !== undefined) return requireHub(dataFolder);
  const client = findRunning(dataFolder);
  if (client) return client;
  throw new UserError(
    `Homeostat is not running with the data folder ${dataFolder}; start it with 'homeostat up', or name another folder with --data`,
    1,
  );
}

/** The hub that runs with a data folder. Throws UserError where none does. */
export function requireHub(dataFolder: string): Client {
  const client = findRunning(hubFolder(dataFolder));
  if (client) return client;
  throw new UserError(
    `no hub is running with the data folder ${dataFolder}; start it with 'homeostat hub', or name another folder with --data`,
    1,
  );
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

function reason(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'timed out after 10 s';
  const cause = error instanceof Error ? errorCode(error.cause) : undefined;
  return cause ?? (error instanceof Error ? error.message : String(error));
}
