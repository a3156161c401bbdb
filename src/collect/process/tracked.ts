import type { Process, ProcessState } from '../../model/process.ts';
import { type Cgroup, type CommandLine, counter, type Executable, type Io } from './identity.ts';
import { MS_PER_TICK, TICKS_PER_SECOND } from './machine.ts';
import {
  CHILD_SYSTEM_TIME,
  CHILD_USER_TIME,
  FLAGS,
  MAJOR_FAULTS,
  MINOR_FAULTS,
  PPID,
  RSS,
  START_STACK,
  START_TIME,
  type Stat,
  SYSTEM_TIME,
  THREADS,
  USER_TIME,
  VIRTUAL_SIZE,
} from './stat.ts';

/** include/linux/sched.h */
const PF_KTHREAD = 0x00200000;

const NO_EXECUTABLE: Executable = { path: undefined, deleted: false, denied: false };
const NO_ARGUMENTS: readonly string[] = [];

/** What is remembered of one process from look to look. */
export class Tracked {
  readonly id: string;
  readonly pid: number;
  readonly startTicks: number;
  readonly kernelThread: boolean;
  /** Paths are made once: 700 processes would make thousands of strings a scan. */
  readonly folder: string;
  readonly statPath: string;
  readonly ioPath: string;

  comm: Buffer = Buffer.alloc(0);
  name = '';
  stack = 0;
  executable = NO_EXECUTABLE;
  /** Both undefined until they could be read. */
  commandLine: CommandLine | undefined;
  cgroup: Cgroup | undefined;
  uid: number | undefined;
  gid: number | undefined;
  contextSwitches: number | undefined;
  openFiles: number | undefined;
  readonly io: Io = { readBytes: undefined, writeBytes: undefined, calls: undefined };
  readRate: number | undefined;
  writeRate: number | undefined;
  cpu: number | undefined;
  cpuTicks = Number.NaN;
  /** Monotonic ms of the last look, and of the last one that read its I/O. */
  seenAt = Number.NaN;
  ioAt = Number.NaN;
  /** Something of it may not be read by this user. */
  denied = false;
  /** Full looks for which its I/O is still read although nothing moves. */
  lively: number;
  /** Number of the last full scan that saw it. */
  scan = 0;

  constructor(boot: string, pid: number, stat: Stat, lively: number) {
    this.pid = pid;
    this.startTicks = stat.values[START_TIME]!;
    this.id = `${boot}-${pid}-${this.startTicks}`;
    this.kernelThread = (stat.values[FLAGS]! & PF_KTHREAD) !== 0;
    this.folder = `/proc/${pid}`;
    this.statPath = `${this.folder}/stat`;
    this.ioPath = `${this.folder}/io`;
    this.lively = lively;
  }

  /** Takes name and stack of `stat`; true where they are not what they were: the process executed a program, or renamed itself. */
  takeName(buffer: Buffer, stat: Stat): boolean {
    const stack = stat.values[START_STACK]!;
    // The kernel puts each program's stack at another random address, so it tells an exec of the same program too.
    const moved = stack !== this.stack;
    this.stack = stack;
    if (sameBytes(this.comm, buffer, stat.commStart, stat.commEnd)) return moved;
    this.comm = Buffer.from(buffer.subarray(stat.commStart, stat.commEnd));
    this.name = this.comm.toString('utf8');
    return true;
  }

  /** Takes CPU time; true where it moved since the last look. */
  takeCpu(stat: Stat, monotonic: number): boolean {
    const ticks = stat.values[USER_TIME]! + stat.values[SYSTEM_TIME]!;
    const before = this.cpuTicks;
    const second = rate(counter(ticks), before, monotonic - this.seenAt);
    this.cpu = second === undefined ? undefined : second / TICKS_PER_SECOND;
    this.cpuTicks = ticks;
    this.seenAt = monotonic;
    return ticks !== before;
  }

  /** Takes I/O counters; true where a call was made since they were last read. */
  takeIo(io: Io, monotonic: number): boolean {
    const ms = monotonic - this.ioAt;
    this.readRate = rate(io.readBytes, this.io.readBytes, ms);
    this.writeRate = rate(io.writeBytes, this.io.writeBytes, ms);
    this.ioAt = monotonic;
    const moved = io.calls !== this.io.calls;
    this.io.readBytes = io.readBytes;
    this.io.writeBytes = io.writeBytes;
    this.io.calls = io.calls;
    return moved;
  }

  /** It is there, and what only its owner sees may not be read: what was seen before is not shown as if it were now. */
  deny(): void {
    this.denied = true;
    this.io.readBytes = undefined;
    this.io.writeBytes = undefined;
    this.io.calls = undefined;
    this.readRate = undefined;
    this.writeRate = undefined;
    this.openFiles = undefined;
  }

  /** The process as others see it. `bootAt`: ms since the epoch; `memory` and `pageSize`: bytes. */
  process(stat: Stat, bootAt: number, memory: number, pageSize: number): Process {
    const values = stat.values;
    const rss = values[RSS]! * pageSize;
    return {
      id: this.id,
      pid: this.pid,
      ppid: values[PPID]!,
      name: this.name,
      executable: this.executable.path,
      executableDeleted: this.executable.deleted,
      ...(this.executable.denied && DENIED_PATH),
      invokedAs: this.commandLine?.invokedAs,
      args: this.commandLine?.args ?? NO_ARGUMENTS,
      startedAt: bootAt + this.startTicks * MS_PER_TICK,
      uid: this.uid,
      gid: this.gid,
      cgroup: this.cgroup?.path,
      containerId: this.cgroup?.containerId,
      state: STATES[stat.state] ?? '?',
      threads: values[THREADS]!,
      cpu: this.cpu,
      cpuTime: this.cpuTicks * MS_PER_TICK,
      childCpuTime: (values[CHILD_USER_TIME]! + values[CHILD_SYSTEM_TIME]!) * MS_PER_TICK,
      memory: rss / memory,
      rss,
      virtual: values[VIRTUAL_SIZE]!,
      readBytes: this.io.readBytes,
      writeBytes: this.io.writeBytes,
      readRate: this.readRate,
      writeRate: this.writeRate,
      ioCalls: this.io.calls,
      majorFaults: values[MAJOR_FAULTS]!,
      minorFaults: values[MINOR_FAULTS]!,
      openFiles: this.openFiles,
      contextSwitches: this.contextSwitches,
    };
  }
}

const DENIED_PATH = { executableDenied: true } as const;

/** By the letter's byte. `x` was written for `X` by old kernels. */
const STATES: readonly (ProcessState | undefined)[] = (() => {
  const states: (ProcessState | undefined)[] = new Array(128).fill(undefined);
  for (const state of ['R', 'S', 'D', 'Z', 'T', 't', 'I', 'X'] as const) states[state.charCodeAt(0)] = state;
  states['x'.charCodeAt(0)] = 'X';
  return states;
})();

/** A second's increase. Undefined at first sight, after a counter went back, and where it was never seen. */
function rate(now: number | undefined, before: number | undefined, ms: number): number | undefined {
  if (now === undefined || before === undefined || !(ms > 0) || !(now >= before)) return undefined;
  return ((now - before) / ms) * 1000;
}

function sameBytes(bytes: Buffer, buffer: Buffer, start: number, end: number): boolean {
  if (bytes.length !== end - start) return false;
  for (let index = 0; index < bytes.length; index++) {
    if (bytes[index] !== buffer[start + index]) return false;
  }
  return true;
}
