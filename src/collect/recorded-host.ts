/**
 * A machine that was recorded (or written by hand after the kernel's documentation), as a Host.
 *
 * The format is one JSON object, made to be read and edited by people; `record.ts` writes it:
 *
 *     { "format": "homeostat-host", "version": 1, "platform": "linux", "note": "what machine this was",
 *       "ticks": [ { "wall": ms since the epoch, "monotonic": ms,
 *                    "files":   { path: content }, "folders": { path: names },
 *                    "links":   { path: target },  "spaces":  { path: space } }, ... ] }
 *
 * content is text; or an array of lines, each of which ends with a newline; or { "base64": bytes } for what is not UTF-8.
 * space is { total, free, available, files, filesFree } in bytes, or { "hangs": true } for a mount that never answers.
 * Anywhere, { "error": "MISSING" | "DENIED" | "UNREADABLE" } is a failure: a file that is listed and MISSING vanished
 * between the two calls. Each tick holds only what differs from the tick before. What was never recorded is MISSING.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { errorMessage, UserError } from '../lib/errors.ts';
import { DENIED, type Host, MISSING, type Space, UNREADABLE } from './host.ts';

export type Failure = { readonly error: keyof typeof FAILURES };
export type Content = string | readonly string[] | { readonly base64: string } | Failure;

/** What one tick changed against the one before. */
export interface RecordedTick {
  readonly wall: number;
  readonly monotonic: number;
  readonly files: Readonly<Record<string, Content>>;
  readonly folders: Readonly<Record<string, readonly string[] | Failure>>;
  readonly links: Readonly<Record<string, string | Failure>>;
  readonly spaces: Readonly<Record<string, Space | { readonly hangs: true } | Failure>>;
}

export interface Recording {
  readonly format: 'homeostat-host';
  readonly version: 1;
  readonly platform: NodeJS.Platform;
  readonly note: string;
  readonly ticks: readonly RecordedTick[];
}

const FAILURES = { MISSING, DENIED, UNREADABLE } as const;

/** Reads a recording, gzipped (`.gz`) or not. Throws UserError where the file is no recording of a known version. */
export function loadRecording(path: string): Recording {
  let parsed: unknown;
  try {
    const bytes = readFileSync(path);
    parsed = JSON.parse((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
  } catch (error) {
    throw new UserError(
      `${path}: not a recorded host (${errorMessage(error)}); make one with homeostat record`,
    );
  }
  if (!isRecording(parsed)) {
    throw new UserError(`${path}: not a recorded host of version 1; make one with homeostat record`);
  }
  return parsed;
}

function isRecording(value: unknown): value is Recording {
  if (typeof value !== 'object' || value === null) return false;
  const { format, version, ticks } = value as Partial<Record<keyof Recording, unknown>>;
  return format === 'homeostat-host' && version === 1 && Array.isArray(ticks) && ticks.length > 0;
}

export class RecordedHost implements Host {
  readonly platform: NodeJS.Platform;
  readonly ticks: readonly RecordedTick[];
  buffer: Buffer = Buffer.alloc(1024);
  #tick = 0;

  constructor(recording: Recording) {
    this.platform = recording.platform;
    this.ticks = recording.ticks;
  }

  /** Moves to the tick of that index and gives its clocks. */
  seek(index: number): { readonly wall: number; readonly monotonic: number } {
    this.#tick = Math.min(Math.max(index, 0), this.ticks.length - 1);
    const { wall, monotonic } = this.ticks[this.#tick]!;
    return { wall, monotonic };
  }

  read(path: string): number {
    const content = this.#find('files', path);
    if (content === undefined) return MISSING;
    if (isFailure(content)) return FAILURES[content.error];
    const bytes = contentBytes(content);
    if (this.buffer.length <= bytes.length) this.buffer = Buffer.alloc(bytes.length + 1);
    bytes.copy(this.buffer);
    this.buffer[bytes.length] = 0;
    return bytes.length;
  }

  list(path: string): readonly string[] | typeof MISSING | typeof DENIED | typeof UNREADABLE {
    const names = this.#find('folders', path);
    if (names === undefined) return MISSING;
    return isFailure(names) ? FAILURES[names.error] : names;
  }

  link(path: string): string | typeof MISSING | typeof DENIED | typeof UNREADABLE {
    const target = this.#find('links', path);
    if (target === undefined) return MISSING;
    return isFailure(target) ? FAILURES[target.error] : target;
  }

  space(path: string): Promise<Space> {
    const space = this.#find('spaces', path);
    if (space === undefined) return Promise.reject(systemError('ENOENT', path));
    if ('hangs' in space) return new Promise(() => undefined);
    if (isFailure(space)) {
      return Promise.reject(systemError(space.error === 'DENIED' ? 'EACCES' : 'EIO', path));
    }
    return Promise.resolve(space);
  }

  /** The newest word on `path` up to this tick. */
  #find<Part extends 'files' | 'folders' | 'links' | 'spaces'>(
    part: Part,
    path: string,
  ): RecordedTick[Part][string] | undefined {
    for (let index = this.#tick; index >= 0; index--) {
      const entries = this.ticks[index]?.[part];
      if (entries && Object.hasOwn(entries, path)) return Reflect.get(entries, path);
    }
    return undefined;
  }
}

function isFailure(value: object | string): value is Failure {
  return typeof value === 'object' && 'error' in value;
}

function contentBytes(content: Exclude<Content, Failure>): Buffer {
  if (typeof content === 'string') return Buffer.from(content);
  if ('base64' in content) return Buffer.from(content.base64, 'base64');
  return Buffer.from(content.map((line) => `${line}\n`).join(''));
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: statfs '${path}'`), { code });
}
