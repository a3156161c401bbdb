import type { BlindSpot } from '../../model/coverage.ts';
import type { Host } from '../host.ts';
import { labelled } from './identity.ts';

/**
 * Clock ticks a second in /proc (USER_HZ): 100 on every architecture that Node runs on, whatever the kernel's own HZ;
 * a constant of Linux's ABI, so nothing is asked for it.
 */
export const TICKS_PER_SECOND = 100;
export const MS_PER_TICK = 1000 / TICKS_PER_SECOND;

/** What turns the kernel's numbers about processes into names, bytes and times. */
export interface Machine {
  /** The first 8 characters of the boot's id: with pid and start time it names a process for ever. */
  readonly boot: string;
  /** Bytes. */
  readonly pageSize: number;
  readonly blind: readonly BlindSpot[];
}

const PAGE_SIZE_OF_X86 = 4096;

/** Throws where the boot's id cannot be read: without it a process cannot be named. */
export function readMachine(host: Host): Machine {
  const length = host.read('/proc/sys/kernel/random/boot_id');
  if (length < 8)
    throw new Error('/proc/sys/kernel/random/boot_id cannot be read: processes cannot be named');
  const boot = host.buffer.toString('latin1', 0, 8);
  const pageSize = readPageSize(host);
  if (pageSize !== undefined) return { boot, pageSize, blind: [] };
  const why = '/proc/self/auxv does not say it; 4096 bytes are taken, as on x86';
  return { boot, pageSize: PAGE_SIZE_OF_X86, blind: [{ what: 'size of a memory page', why }] };
}

/** The auxiliary vector is pairs of machine words: a tag and its value (getauxval(3)). */
const AT_PAGESZ = 6n;
const PAIR = 16;

function readPageSize(host: Host): number | undefined {
  const length = host.read('/proc/self/auxv');
  for (let offset = 0; offset + PAIR <= length; offset += PAIR) {
    if (host.buffer.readBigUInt64LE(offset) === AT_PAGESZ)
      return Number(host.buffer.readBigUInt64LE(offset + 8));
  }
  return undefined;
}

/** Bytes of memory of the machine; NaN where it cannot be read. */
export function readMemory(host: Host): number {
  return (labelled(host, '/proc/meminfo', 'MemTotal:') ?? Number.NaN) * 1024;
}

/** A wall clock that moved by more than this against the monotonic one was set, or the machine slept. */
const CLOCK_STEP_MS = 1000;

/**
 * Start times on the wall clock. `btime` is right where a container's /proc/uptime (lxcfs) is not, and it follows
 * a wall clock that is set; it is read again only then, since /proc/stat is a dear file on many cores.
 */
export class BootTime {
  readonly #host: Host;
  #ms = Number.NaN;
  #offset = Number.NaN;

  constructor(host: Host) {
    this.#host = host;
  }

  /** ms since the epoch at which the machine started; NaN where it cannot be read. Resolution: 1 s. */
  at(time: { readonly wall: number; readonly monotonic: number }): number {
    const offset = time.wall - time.monotonic;
    if (Math.abs(offset - this.#offset) <= CLOCK_STEP_MS) return this.#ms;
    this.#offset = offset;
    this.#ms = (labelled(this.#host, '/proc/stat', 'btime ') ?? Number.NaN) * 1000;
    return this.#ms;
  }
}

/**
 * What hides processes from this user, if anything: with `hidepid` /proc lists only one's own (`invisible`, 2), or
 * refuses the files of the others (`noaccess`, 1). For one who sees the first process nothing is hidden.
 */
export function hiddenProcesses(host: Host, firstIsListed: boolean): BlindSpot | undefined {
  if (firstIsListed && host.read('/proc/1/stat') > 0) return undefined;
  const length = host.read('/proc/self/mounts');
  const mounts = length > 0 ? host.buffer.toString('utf8', 0, length) : '';
  const option = /^\S+ \/proc proc \S*?(hidepid=\w+)/m.exec(mounts)?.[1];
  return {
    what: 'processes of other users',
    why: option === undefined ? '/proc does not show process 1' : `/proc is mounted with ${option}`,
    remedy:
      'run Homeostat as root, or as a member of the group that /proc is mounted for (gid=), or mount /proc with hidepid=0',
    severe: true,
  };
}
