/**
 * Saves a machine for a test or a bug report: every file that the collectors and the process scan read, at two moments.
 * A Host that writes down what passes through it cannot miss one. The format is described in recorded-host.ts.
 *
 * Before anything is kept, secrets are hidden (redact.ts) in command lines, links and mounts, and the addresses of
 * the TCP tables are set to zero, which no collector reads. With `hostName` set, that name, hardware addresses and IPv4
 * addresses become pseudonyms as well: the same one becomes the same each time, so what belongs together stays so.
 */
import { gzipSync } from 'node:zlib';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import type { Clock } from '../lib/clock.ts';
import { errorCode } from '../lib/errors.ts';
import type { Collector } from './collector.ts';
import { DENIED, type Host, MISSING, type Space, type UNREADABLE } from './host.ts';
import { adaptiveIntervals } from './power.ts';
import { Pseudonyms } from './pseudonyms.ts';
import type { Content, Failure, RecordedTick, Recording } from './recorded-host.ts';
import { redactArguments, redactText } from './redact.ts';

export interface RecordOptions {
  readonly clock: Clock;
  readonly collectors: readonly Collector[];
  /** Makes the process scanner on the host that writes down; left out: no processes are recorded. */
  readonly createScanner?: (host: Host) => {
    scan(at: { readonly wall: number; readonly monotonic: number }, full: boolean): unknown;
  };
  /** How many moments, default 2, and the ms between them, default 1000. */
  readonly ticks?: number;
  readonly intervalMs?: number;
  readonly note?: string;
  /** Hide this name of the machine, and all hardware and IPv4 addresses. */
  readonly hostName?: string;
  readonly wait?: (ms: number) => Promise<void>;
}

type Parts = {
  files: Record<string, Content>;
  folders: Record<string, readonly string[] | Failure>;
  links: Record<string, string | Failure>;
  spaces: Record<string, Space | { hangs: true } | Failure>;
};

/** A file system that has not answered by then is recorded as one that hangs, ms. */
const SPACE_DEADLINE_MS = 1000;
const COMMAND_LINE = /^\/proc\/\d+\/cmdline$/;
/** Other files with text that people chose; the rest is the kernel's own words and numbers. */
const PEOPLES_TEXT = /^\/proc\/\w+\/(?:mountinfo|cgroup|comm)$/;
const SOCKET_TABLE = /^\/proc\/(?:\d+\/|self\/)?net\/(?:tcp|udp|raw)6?$/;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Records the machine behind `host`. Collectors that fail are recorded as far as they came. */
export async function recordHost(host: Host, options: RecordOptions): Promise<Recording> {
  const { clock, collectors, createScanner, ticks = 2, intervalMs = 1000, wait = pause } = options;
  const recorder = new RecordingHost(host, new Sanitizer(options.hostName));
  const scanner = createScanner?.(recorder);
  const recorded: RecordedTick[] = [];
  let kept: Parts = emptyParts();
  for (let tick = 0; tick < ticks; tick++) {
    if (tick > 0) await wait(intervalMs);
    const at = { wall: clock.now(), monotonic: clock.monotonic() };
    adaptiveIntervals(recorder);
    await Promise.allSettled(collectors.map((collector) => collector.collect(recorder, at.monotonic)));
    scanner?.scan(at, true);
    const parts = await recorder.take(wait);
    recorded.push({ ...at, ...changes(kept, parts) });
    kept = merge(kept, parts);
  }
  return {
    format: 'homeostat-host',
    version: 1,
    platform: host.platform,
    note: options.note ?? '',
    ticks: recorded,
  };
}

/** Writes a recording, whole or not at all; gzipped where the name ends with `.gz`. */
export function saveRecording(path: string, recording: Recording): void {
  const text = `${JSON.stringify(recording, null, 1)}\n`;
  writeFileAtomic(path, path.endsWith('.gz') ? gzipSync(text, { level: 9 }) : text);
}

/** Passes everything through to another host, and keeps a copy. */
class RecordingHost implements Host {
  readonly #host: Host;
  readonly #sanitizer: Sanitizer;
  #parts = emptyParts();
  readonly #owing = new Set<string>();

  constructor(host: Host, sanitizer: Sanitizer) {
    this.#host = host;
    this.#sanitizer = sanitizer;
  }

  get platform(): NodeJS.Platform {
    return this.#host.platform;
  }

  get buffer(): Buffer {
    return this.#host.buffer;
  }

  read(path: string): number {
    const length = this.#host.read(path);
    this.#parts.files[path] =
      length < 0 ? failure(length) : encode(this.#sanitizer.file(path, this.buffer.subarray(0, length)));
    return length;
  }

  list(path: string): readonly string[] | typeof MISSING | typeof DENIED | typeof UNREADABLE {
    const names = this.#host.list(path);
    this.#parts.folders[path] = typeof names === 'number' ? failure(names) : names;
    return names;
  }

  link(path: string): string | typeof MISSING | typeof DENIED | typeof UNREADABLE {
    const target = this.#host.link(path);
    this.#parts.links[path] = typeof target === 'number' ? failure(target) : this.#sanitizer.link(target);
    return target;
  }

  async space(path: string, mayHang?: boolean): Promise<Space> {
    this.#parts.spaces[path] = { hangs: true };
    this.#owing.add(path);
    try {
      const space = await this.#host.space(path, mayHang);
      this.#parts.spaces[path] = space;
      return space;
    } catch (error) {
      this.#parts.spaces[path] = { error: spaceFailure(error) };
      throw error;
    } finally {
      this.#owing.delete(path);
    }
  }

  /** What was asked since the last call, once every file system has answered or is late. */
  async take(wait: (ms: number) => Promise<void>): Promise<Parts> {
    const step = SPACE_DEADLINE_MS / 20;
    for (let waited = 0; this.#owing.size > 0 && waited < SPACE_DEADLINE_MS; waited += step) await wait(step);
    const parts = this.#parts;
    this.#parts = emptyParts();
    return parts;
  }
}

/** Works on bytes as latin1 text, so that what is not UTF-8 comes out as it went in. */
class Sanitizer {
  readonly #pseudonyms: Pseudonyms | undefined;

  constructor(hostName: string | undefined) {
    this.#pseudonyms = hostName === undefined ? undefined : new Pseudonyms(hostName);
  }

  file(path: string, bytes: Buffer): Buffer {
    let text = bytes.toString('latin1');
    if (COMMAND_LINE.test(path)) text = redactArguments(text.split('\0')).join('\0');
    else if (PEOPLES_TEXT.test(path)) text = redactText(text);
    else if (SOCKET_TABLE.test(path))
      text = text.replaceAll(/\b(?:[0-9A-F]{8}){1,4}(?=:[0-9A-F]{4}\b)/g, zeros);
    return Buffer.from(this.#pseudonyms?.apply(text) ?? text, 'latin1');
  }

  link(target: string): string {
    const redacted = redactText(target);
    return this.#pseudonyms?.apply(redacted) ?? redacted;
  }
}

const zeros = (digits: string): string => '0'.repeat(digits.length);

function emptyParts(): Parts {
  return { files: {}, folders: {}, links: {}, spaces: {} };
}

function failure(reason: number): Failure {
  if (reason === MISSING) return { error: 'MISSING' };
  return { error: reason === DENIED ? 'DENIED' : 'UNREADABLE' };
}

function spaceFailure(error: unknown): Failure['error'] {
  const code = errorCode(error);
  if (code === 'ENOENT') return 'MISSING';
  return code === 'EACCES' ? 'DENIED' : 'UNREADABLE';
}

/** Text where it is UTF-8, by lines where it has some, so that people can read and compare it. */
function encode(bytes: Buffer): Content {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) return { base64: bytes.toString('base64') };
  const lines = text.split('\n');
  return lines.length > 2 && lines.at(-1) === '' ? lines.slice(0, -1) : text;
}

function changes(kept: Parts, parts: Parts): Parts {
  return {
    files: changed(kept.files, parts.files),
    folders: changed(kept.folders, parts.folders),
    links: changed(kept.links, parts.links),
    spaces: changed(kept.spaces, parts.spaces),
  };
}

function changed<T>(kept: Readonly<Record<string, T>>, now: Readonly<Record<string, T>>): Record<string, T> {
  const differs = ([path, value]: [string, T]): boolean =>
    JSON.stringify(kept[path]) !== JSON.stringify(value);
  return Object.fromEntries(Object.entries(now).filter(differs));
}

function merge(kept: Parts, parts: Parts): Parts {
  return {
    files: { ...kept.files, ...parts.files },
    folders: { ...kept.folders, ...parts.folders },
    links: { ...kept.links, ...parts.links },
    spaces: { ...kept.spaces, ...parts.spaces },
  };
}
