import { nextLine, readUint, skipSpaces, skipTokens, startsWith } from '../bytes.ts';
import { DENIED, type Host } from '../host.ts';
import { redactArguments, redactText } from '../redact.ts';
import { containerId } from './container.ts';

/** Longer command lines are cut, with an ellipsis: some are megabytes, and all of them are kept in memory. */
const MAX_COMMAND_LINE_BYTES = 4096;

export interface Executable {
  readonly path: string | undefined;
  readonly deleted: boolean;
  readonly denied: boolean;
}

const DELETED = ' (deleted)';

/** The target of /proc/PID/exe. The kernel appends ` (deleted)` where the file is gone or was replaced. */
export function readExecutable(host: Host, path: string): Executable {
  const target = host.link(path);
  if (typeof target !== 'string') return { path: undefined, deleted: false, denied: target === DENIED };
  const deleted = target.endsWith(DELETED);
  return { path: deleted ? target.slice(0, -DELETED.length) : target, deleted, denied: false };
}

export interface CommandLine {
  readonly invokedAs: string | undefined;
  readonly args: readonly string[];
  /** Of the bytes it was made from. */
  readonly fingerprint: number;
}

/**
 * /proc/PID/cmdline, split at its zero bytes, secrets redacted; undefined where it could not be read, `before` where it
 * is what it was. A process may overwrite it (setproctitle) with one text that has spaces and no zero bytes: that
 * stays whole, unless it begins with the executable's path, which is a command line that was merely joined (Chromium).
 */
export function readCommandLine(
  host: Host,
  path: string,
  executable: string | undefined,
  before: CommandLine | undefined,
): CommandLine | undefined {
  const length = host.read(path);
  if (length < 0) return undefined;
  const fingerprint = fingerprintOf(host.buffer, length);
  if (fingerprint === before?.fingerprint) return before;
  const words = split(host.buffer, length);
  const first = words[0];
  if (first === undefined) return { invokedAs: undefined, args: [], fingerprint };
  if (words.length > 1) return redacted(words, fingerprint);
  if (executable === undefined || !first.startsWith(`${executable} `)) {
    return { invokedAs: redactText(first), args: [], fingerprint };
  }
  const joined = first.slice(executable.length).split(' ');
  return redacted([executable, ...joined.filter((word) => word !== '')], fingerprint);
}

/** FNV-1a. Tells whether a text must be parsed again without keeping it: a command line may hold secrets. */
function fingerprintOf(buffer: Buffer, length: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < length; index++) hash = Math.imul(hash ^ buffer[index]!, 0x01000193);
  return hash;
}

function redacted(words: readonly string[], fingerprint: number): CommandLine {
  const [invokedAs, ...args] = redactArguments(words);
  return { invokedAs, args, fingerprint };
}

/** Zero bytes at the end are what setproctitle left of a longer command line, not empty arguments. */
function split(buffer: Buffer, length: number): string[] {
  let end = length;
  while (end > 0 && buffer[end - 1] === 0) end--;
  if (end === 0) return [];
  const text = buffer.toString('utf8', 0, Math.min(end, MAX_COMMAND_LINE_BYTES));
  return (end > MAX_COMMAND_LINE_BYTES ? `${text}…` : text).split('\0');
}

export interface Cgroup {
  readonly path: string | undefined;
  readonly containerId: string | undefined;
  /** Of the bytes it was made from. */
  readonly fingerprint: number;
}

/**
 * /proc/PID/cgroup: lines `hierarchy:controllers:path`, a single `0::path` with cgroup v2; undefined where it could not
 * be read, `before` where it is what it was. Beside version 1 hierarchies the v2 path is often `/`: a path that names a
 * container is preferred, then one that says more than the root.
 */
export function readCgroup(host: Host, path: string, before: Cgroup | undefined): Cgroup | undefined {
  const length = host.read(path);
  if (length <= 0) return undefined;
  const fingerprint = fingerprintOf(host.buffer, length);
  if (fingerprint === before?.fingerprint) return before;
  const paths = host.buffer
    .toString('utf8', 0, length)
    .split('\n')
    .map((line) => line.split(':').slice(2).join(':'))
    .filter((candidate) => candidate.startsWith('/'))
    .reverse();
  for (const candidate of paths) {
    const id = containerId(candidate);
    if (id !== undefined) return { path: candidate, containerId: id, fingerprint };
  }
  const telling = paths.find((candidate) => candidate !== '/') ?? paths[0];
  return { path: telling, containerId: undefined, fingerprint };
}

/** What of /proc/PID/status changes seldom or costs too much to be read at each scan. Reused. */
export interface Status {
  uid: number | undefined;
  gid: number | undefined;
  /** Voluntary and involuntary, of the main thread: the kernel gives them by thread. */
  contextSwitches: number | undefined;
}

const UID = Buffer.from('Uid:');
const GID = Buffer.from('Gid:');
const VOLUNTARY = Buffer.from('voluntary_ctxt_switches:');
const INVOLUNTARY = Buffer.from('nonvoluntary_ctxt_switches:');

/** Reads /proc/PID/status into `status`; the number of bytes, or the host's reason why not. */
export function readStatus(host: Host, path: string, status: Status): number {
  const length = host.read(path);
  if (length < 0) return length;
  const buffer = host.buffer;
  let switches = Number.NaN;
  status.uid = undefined;
  status.gid = undefined;
  // The first line is the name: the kernel escapes newlines in it, so no process can fake a line.
  for (let line = nextLine(buffer, 0); line < length; line = nextLine(buffer, line)) {
    if (startsWith(buffer, line, UID)) status.uid = effectiveId(buffer, line);
    else if (startsWith(buffer, line, GID)) status.gid = effectiveId(buffer, line);
    else if (startsWith(buffer, line, VOLUNTARY)) switches = lineValue(buffer, line);
    else if (startsWith(buffer, line, INVOLUNTARY)) switches += lineValue(buffer, line);
  }
  status.contextSwitches = counter(switches);
  return length;
}

/** `Uid: real effective saved filesystem`; the effective one is what the process may do, and OpenTelemetry's `process.user.id`. */
function effectiveId(buffer: Buffer, line: number): number | undefined {
  const id = readUint(buffer, skipTokens(buffer, line, 2));
  return Number.isNaN(id) ? undefined : id;
}

const lineValue = (buffer: Buffer, line: number): number => readUint(buffer, skipTokens(buffer, line));

/** No honest counter comes near 2^63: a kernel's counter that went below zero does, and is not a value. */
export function counter(value: number): number | undefined {
  return value < 2 ** 63 ? value : undefined;
}

/** Bytes and calls of /proc/PID/io. Reused. */
export interface Io {
  readBytes: number | undefined;
  writeBytes: number | undefined;
  calls: number | undefined;
}

/** Reads /proc/PID/io into `io`; the number of bytes, or the host's reason why not. The lines' order is the kernel's ABI. */
export function readIo(host: Host, path: string, io: Io): number {
  const length = host.read(path);
  if (length < 0) return length;
  const buffer = host.buffer;
  const readCalls = nextLine(buffer, nextLine(buffer, 0));
  const writeCalls = nextLine(buffer, readCalls);
  const readBytes = nextLine(buffer, writeCalls);
  const writeBytes = nextLine(buffer, readBytes);
  io.calls = counter(lineValue(buffer, readCalls) + lineValue(buffer, writeCalls));
  io.readBytes = counter(lineValue(buffer, readBytes));
  io.writeBytes = counter(lineValue(buffer, writeBytes));
  return length;
}

/** The label's value: for files of which one line is wanted (`MemTotal:` of /proc/meminfo, `btime` of /proc/stat). */
export function labelled(host: Host, path: string, label: string): number | undefined {
  const length = host.read(path);
  const bytes = Buffer.from(label);
  for (let line = 0; line < length; line = nextLine(host.buffer, line)) {
    if (!startsWith(host.buffer, line, bytes)) continue;
    const value = readUint(host.buffer, skipSpaces(host.buffer, line + bytes.length));
    return Number.isNaN(value) ? undefined : value;
  }
  return undefined;
}
