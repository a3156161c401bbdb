import type { BlindSpot } from '../../model/coverage.ts';
import type { Process, ProcessScan } from '../../model/process.ts';
import { DENIED, type Host, MISSING, UNREADABLE } from '../host.ts';
import {
  type Io,
  readCgroup,
  readCommandLine,
  readExecutable,
  readIo,
  readStatus,
  type Status,
} from './identity.ts';
import { BootTime, hiddenProcesses, type Machine, readMachine, readMemory } from './machine.ts';
import { createStat, parseStat, START_STACK, START_TIME, THREADS } from './stat.ts';
import { Tracked } from './tracked.ts';

export interface ProcessScannerOptions {
  /** Full scans in which everything is read again of every process once; default 12 (a minute at 5 s). */
  readonly rotation?: number;
}

/** Wall clock, ms since the epoch, and monotonic ms. */
interface ScanTime {
  readonly wall: number;
  readonly monotonic: number;
}

export interface ProcessScanner {
  /**
   * Looks at all processes, or (`full` false) at those that were busy at the last look and those first seen in it.
   * Throws where /proc cannot be listed. `unreadable` counts processes of which anything is denied.
   */
  scan(at: ScanTime, full: boolean): ProcessScan;
  /** What the last full scan could not see. */
  blindSpots(): readonly BlindSpot[];
}

const ROTATION = 12;

/** What makes a process worth a look each second: a share of one CPU, and bytes a second read and written. */
const BUSY_CPU = 0.05;
const BUSY_IO = 1024 * 1024;

/** The kernel takes about 0.5 µs a name: folders of more open files than this are listed in rotation only. */
const MANY_FILES = 1000;

const STATE_D = 'D'.charCodeAt(0);
const STATE_Z = 'Z'.charCodeAt(0);
const STATE_X = 'X'.charCodeAt(0);

/**
 * Reads processes from /proc at the least cost: one buffer, numbers parsed from bytes, and each file only as often
 * as what is in it can change. By file, at one full scan each 5 s:
 *
 * - `stat` (state, parent, CPU, memory, faults, threads): each look.
 * - `io`: each look of a process that used CPU time or made a call in its last 12 full looks; else in rotation.
 * - `status` (owner, context switches) and `fd/` (open files): at full scans in which the process moved; else in rotation.
 * - `exe`, `cmdline`, `cgroup`: at first sight, after an exec or a new name, and in rotation.
 *
 * Rotation is every 12th full scan, a twelfth of the processes each: nothing shown is older than 60 s, and what is older
 * than one scan belongs to a process that used less than a clock tick (10 ms) of CPU since. A kernel thread has neither
 * executable, arguments nor files and is not asked for them.
 *
 * `cmdline` is read from the process's memory under its mmap_lock: it can hang for ever, and this thread with it, while
 * a thread that sleeps uninterruptibly (on a dead disk, say) holds that lock. So it is NEVER read in state D, and in
 * rotation only of processes with one thread: the state of the others is not in `stat`.
 */
export function createProcessScanner(host: Host, options: ProcessScannerOptions = {}): ProcessScanner {
  return new Scanner(host, options.rotation ?? ROTATION);
}

/** brief: between full scans; full: what may have moved; whole: everything, in rotation; first: everything, for the first time. */
type Depth = 'brief' | 'full' | 'whole' | 'first';

class Scanner implements ProcessScanner {
  readonly #host: Host;
  readonly #rotation: number;
  readonly #machine: Machine;
  readonly #bootTime: BootTime;
  readonly #tracked = new Map<string, Tracked>();
  readonly #stat = createStat();
  readonly #io: Io = { readBytes: undefined, writeBytes: undefined, calls: undefined };
  readonly #status: Status = { uid: undefined, gid: undefined, contextSwitches: undefined };
  #busy: Tracked[] = [];
  #gone: string[] = [];
  #unreadable: Record<string, number> = {};
  #memory = Number.NaN;
  #bootAt = Number.NaN;
  #monotonic = 0;
  #scans = 0;
  #blind: readonly BlindSpot[] = [];

  constructor(host: Host, rotation: number) {
    this.#host = host;
    this.#rotation = rotation;
    this.#machine = readMachine(host);
    this.#bootTime = new BootTime(host);
  }

  blindSpots(): readonly BlindSpot[] {
    return this.#blind;
  }

  scan(at: ScanTime, full: boolean): ProcessScan {
    this.#monotonic = at.monotonic;
    this.#bootAt = this.#bootTime.at(at);
    this.#unreadable = {};
    this.#gone = [];
    const processes = full ? this.#scanAll() : this.#scanBusy();
    return { at: at.wall, full, processes, gone: this.#gone, unreadable: this.#unreadable };
  }

  #scanAll(): Process[] {
    const names = this.#host.list('/proc');
    if (typeof names === 'number')
      throw new Error('/proc cannot be listed: no process can be seen; is it mounted?');
    if (this.#scans % this.#rotation === 0) this.#memory = readMemory(this.#host);
    this.#scans++;
    this.#busy = [];
    const processes: Process[] = [];
    for (const name of names) {
      const digit = name.charCodeAt(0);
      if (digit < 49 || digit > 57) continue;
      const process = this.#look(name);
      if (process) processes.push(process);
    }
    this.#forgetGone();
    this.#blind = this.#findBlindSpots(names);
    return processes;
  }

  #scanBusy(): Process[] {
    const looked = this.#busy;
    this.#busy = [];
    const processes: Process[] = [];
    for (const tracked of looked) {
      if (this.#readStat(tracked.statPath) > 0 && this.#stat.values[START_TIME] === tracked.startTicks) {
        processes.push(this.#observe(tracked, 'brief'));
      }
    }
    return processes;
  }

  /** A full look at the process of that pid; undefined where it is gone or nothing of it may be read. */
  #look(name: string): Process | undefined {
    const known = this.#tracked.get(name);
    const read = this.#readStat(known?.statPath ?? `/proc/${name}/stat`);
    if (read < 0) {
      // It is there, as far as anyone can tell: not gone.
      if (read !== MISSING && known) known.scan = this.#scans;
      this.#count(read);
      return undefined;
    }
    if (known && known.startTicks === this.#stat.values[START_TIME]) {
      known.scan = this.#scans;
      const due = known.pid % this.#rotation === this.#scans % this.#rotation;
      return this.#observe(known, due ? 'whole' : 'full');
    }
    if (known) this.#gone.push(known.id);
    return this.#meet(name);
  }

  /** The first look at a process. One that vanishes in the middle of it was never here. */
  #meet(name: string): Process | undefined {
    const tracked = new Tracked(this.#machine.boot, Number(name), this.#stat, this.#rotation);
    tracked.scan = this.#scans;
    tracked.takeName(this.#host.buffer, this.#stat);
    if (!this.#readStatus(tracked)) {
      this.#tracked.delete(name);
      return undefined;
    }
    this.#tracked.set(name, tracked);
    return this.#observe(tracked, 'first');
  }

  /** Takes in the `stat` that was just read, and reads what else is due. */
  #observe(tracked: Tracked, depth: Depth): Process {
    const stat = this.#stat;
    const whole = depth === 'whole' || depth === 'first';
    const ended = stat.state === STATE_Z || stat.state === STATE_X;
    if (whole) tracked.denied = false;
    // Before any other read: the name is still in the buffer. (Of a new process it was taken before.)
    const executed = depth === 'first' || (!ended && tracked.takeName(this.#host.buffer, stat));
    if (!ended) this.#identify(tracked, executed, whole);
    let moved = tracked.takeCpu(stat, this.#monotonic);
    if ((moved || whole || tracked.lively > 0) && this.#readIo(tracked)) moved = true;
    if (moved) tracked.lively = this.#rotation;
    else if (depth === 'full' && tracked.lively > 0) tracked.lively--;
    const due = whole || (depth === 'full' && (moved || executed));
    if (due && !ended && !tracked.kernelThread) this.#readSeldom(tracked, depth);
    if (tracked.denied) this.#count(DENIED);
    const process = tracked.process(stat, this.#bootAt, this.#memory, this.#machine.pageSize);
    if (isBusy(process) || (depth === 'first' && this.#scans > 1)) this.#busy.push(tracked);
    return process;
  }

  #readStat(path: string): number {
    const length = this.#host.read(path);
    if (length <= 0) return length === 0 ? MISSING : length;
    return parseStat(this.#host.buffer, length, this.#stat) ? length : UNREADABLE;
  }

  /** Executable, arguments, control group: where they are due, or were not to be had before. */
  #identify(tracked: Tracked, executed: boolean, whole: boolean): void {
    const due = executed || (whole && !tracked.kernelThread);
    if (due) tracked.cgroup = readCgroup(this.#host, `${tracked.folder}/cgroup`, tracked.cgroup);
    if (tracked.kernelThread || this.#inExec(tracked)) return;
    if (due) {
      tracked.executable = readExecutable(this.#host, `${tracked.folder}/exe`);
      if (tracked.executable.denied) tracked.deny();
    }
    if (executed) tracked.commandLine = undefined;
    const oneThread = this.#stat.values[THREADS] === 1;
    if (this.#stat.state === STATE_D || (tracked.commandLine !== undefined && !(due && oneThread))) return;
    const path = `${tracked.folder}/cmdline`;
    tracked.commandLine = readCommandLine(this.#host, path, tracked.executable.path, tracked.commandLine);
  }

  /**
   * True while a process that sleeps uninterruptibly has no stack yet: it hangs in the middle of exec (closing a file on
   * a dead network mount, say) and holds exec_update_lock, which `io` and `exe` would wait for.
   */
  #inExec(tracked: Tracked): boolean {
    return this.#stat.state === STATE_D && this.#stat.values[START_STACK] === 0 && !tracked.kernelThread;
  }

  /** True where its I/O moved. */
  #readIo(tracked: Tracked): boolean {
    if (tracked.denied || this.#inExec(tracked)) return false;
    const read = readIo(this.#host, tracked.ioPath, this.#io);
    if (read > 0) return tracked.takeIo(this.#io, this.#monotonic);
    if (read === DENIED) tracked.deny();
    return false;
  }

  /** Owner, context switches, open files of a process that runs a program. */
  #readSeldom(tracked: Tracked, depth: Depth): void {
    if (depth !== 'first') this.#readStatus(tracked);
    if (tracked.denied || (depth === 'full' && (tracked.openFiles ?? 0) > MANY_FILES)) return;
    const files = this.#host.list(`${tracked.folder}/fd`);
    tracked.openFiles = typeof files === 'number' ? undefined : files.length;
    if (files === DENIED) tracked.deny();
  }

  /** False where the process is gone. */
  #readStatus(tracked: Tracked): boolean {
    const read = readStatus(this.#host, `${tracked.folder}/status`, this.#status);
    if (read === MISSING) return false;
    if (read < 0) return true;
    tracked.uid = this.#status.uid;
    tracked.gid = this.#status.gid;
    tracked.contextSwitches = this.#status.contextSwitches;
    return true;
  }

  #count(reason: number): void {
    if (reason === MISSING) return;
    const name = reason === DENIED ? 'EACCES' : 'malformed';
    this.#unreadable[name] = (this.#unreadable[name] ?? 0) + 1;
  }

  #forgetGone(): void {
    for (const [name, tracked] of this.#tracked) {
      if (tracked.scan === this.#scans) continue;
      this.#gone.push(tracked.id);
      this.#tracked.delete(name);
    }
  }

  #findBlindSpots(names: readonly string[]): readonly BlindSpot[] {
    const hidden = hiddenProcesses(this.#host, names.includes('1'));
    if (hidden) return [...this.#machine.blind, hidden];
    const denied = this.#unreadable.EACCES ?? 0;
    if (denied === 0) return this.#machine.blind;
    const refused = {
      what: `executable, I/O and open files of ${denied} of ${this.#tracked.size} processes`,
      why: 'the kernel refuses them (EACCES): they belong to other users, or may do more than Homeostat',
      remedy: 'run Homeostat as root with all capabilities, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH',
    };
    return [...this.#machine.blind, refused];
  }
}

function isBusy(process: Process): boolean {
  if (process.cpu !== undefined && process.cpu >= BUSY_CPU) return true;
  return (process.readRate ?? 0) + (process.writeRate ?? 0) >= BUSY_IO;
}
