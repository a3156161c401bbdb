/**
 * Disks from /proc/diskstats (Documentation/admin-guide/iostats.rst): sectors there are always 512 bytes, times are ms.
 *
 * /sys/block decides what a row is, not its name: what is not in there is a partition and is left out. What is in there
 * is a whole disk, except loop, ram and zram (files and memory in the shape of a disk) and hidden paths of a multipath
 * disk. A whole disk with something in `slaves` (dm, md, bcache) stands on others: it has its own series, but is not in
 * the sum, for all that it does is counted again in the disks beneath it.
 *
 * The sum of io_time is the busy time of all disks together: 2 is two disks that were never idle. The await is that of
 * the operations that ended in the interval, reads and writes together; without any there is none.
 */
import type { BlindSpot } from '../../model/coverage.ts';
import { type Metric, type Series, series } from '../../model/metric.ts';
import { readOrBlind } from '../blind.ts';
import { nextLine, readUint, skipSpaces, skipTokens, tokenEnd } from '../bytes.ts';
import type { Collection, Collector } from '../collector.ts';
import { Counter, Interval, pushGauge } from '../counter.ts';
import { DENIED, type Host, MISSING } from '../host.ts';
import { Rows } from '../rows.ts';

const DISKSTATS = '/proc/diskstats';
const BLOCK = '/sys/block';
const SECTOR = 512;
const MS = 1000;
const NOT_A_DISK = /^(?:loop|ram|zram)\d+$/;
const ONE = 49;

/** Columns after the name: reads, merged, sectors, ms; writes, merged, sectors, ms; in flight, ms busy. */
const COLUMN = {
  reads: 0,
  readSectors: 2,
  readMs: 3,
  writes: 4,
  writeSectors: 6,
  writeMs: 7,
  busyMs: 9,
} as const;
const COLUMNS = 10;

type Role = 'unknown' | 'left out' | 'stacked' | 'summed';

/** The series of one disk, or of all of them. */
class DiskSeries {
  readonly readBytes: Series;
  readonly writeBytes: Series;
  readonly reads: Series;
  readonly writes: Series;
  readonly busy: Series;
  readonly await: Series;

  constructor(device?: string) {
    const of = device === undefined ? {} : { 'system.device': device };
    const read = { ...of, 'disk.io.direction': 'read' };
    const write = { ...of, 'disk.io.direction': 'write' };
    this.readBytes = series('system.disk.io', read);
    this.writeBytes = series('system.disk.io', write);
    this.reads = series('system.disk.operations', read);
    this.writes = series('system.disk.operations', write);
    this.busy = series('system.disk.io_time', of);
    this.await = series('system.disk.await', of);
  }

  /** `increases` in the order of the columns; NaN where one could not be told. */
  push(metrics: Metric[], increases: Float64Array, seconds: number): void {
    const rate = (which: Series, column: number, scale: number): void => {
      const value = (increases[column]! * scale) / seconds;
      if (value >= 0) pushGauge(metrics, which, value);
    };
    rate(this.readBytes, COLUMN.readSectors, SECTOR);
    rate(this.writeBytes, COLUMN.writeSectors, SECTOR);
    rate(this.reads, COLUMN.reads, 1);
    rate(this.writes, COLUMN.writes, 1);
    rate(this.busy, COLUMN.busyMs, 1 / MS);
    const operations = increases[COLUMN.reads]! + increases[COLUMN.writes]!;
    const time = increases[COLUMN.readMs]! + increases[COLUMN.writeMs]!;
    if (operations > 0 && seconds > 0) pushGauge(metrics, this.await, time / MS / operations);
  }
}

class Disk {
  readonly name: string;
  role: Role = 'unknown';
  readonly increases = new Float64Array(COLUMNS);
  readonly #counters = Array.from({ length: COLUMNS }, () => new Counter());
  #series: DiskSeries | undefined;

  constructor(name: string) {
    this.name = name;
  }

  read(buffer: Buffer, firstColumn: number): void {
    let offset = firstColumn;
    for (let column = 0; column < COLUMNS; column++) {
      this.increases[column] = this.#counters[column]!.increase(readUint(buffer, offset));
      offset = skipTokens(buffer, offset, 1);
    }
  }

  push(metrics: Metric[], seconds: number): void {
    this.#series ??= new DiskSeries(this.name);
    this.#series.push(metrics, this.increases, seconds);
  }
}

export function createDiskCollector(): Collector {
  return new LinuxDisk();
}

class LinuxDisk implements Collector {
  readonly name = 'disk';
  readonly platforms: readonly NodeJS.Platform[] = ['linux'];
  readonly #interval = new Interval();
  readonly #rows = new Rows((name) => new Disk(name));
  readonly #sum = new DiskSeries();
  readonly #sums = new Float64Array(COLUMNS);
  #disks: Disk[] = [];
  #blind: readonly BlindSpot[] = [];

  async collect(host: Host, at: number): Promise<Collection> {
    const metrics: Metric[] = [];
    const blind: BlindSpot[] = [];
    if (readOrBlind(host, DISKSTATS, blind) > 0) {
      this.#read(host);
      this.#push(metrics, this.#interval.step(at));
    }
    return { metrics, blind: this.#blind.length > 0 ? [...blind, ...this.#blind] : blind };
  }

  #read(host: Host): void {
    const { buffer } = host;
    const disks: Disk[] = [];
    for (let line = 0; buffer[line] !== 0; line = nextLine(buffer, line)) {
      const name = skipTokens(buffer, skipSpaces(buffer, line), 2);
      const end = tokenEnd(buffer, name);
      if (end === name) continue;
      const disk = this.#rows.next(buffer, name, end);
      if (disk.role !== 'left out') disk.read(buffer, skipSpaces(buffer, end));
      disks.push(disk);
    }
    // Asking /sys overwrites the buffer, so it waits until the table is read.
    if (!this.#rows.end()) return;
    this.#disks = disks;
    this.#blind = assignRoles(host, disks);
  }

  #push(metrics: Metric[], seconds: number): void {
    const sums = this.#sums.fill(0);
    let summed = 0;
    for (const disk of this.#disks) {
      if (disk.role === 'left out' || disk.role === 'unknown') continue;
      disk.push(metrics, seconds);
      if (disk.role === 'stacked' || Number.isNaN(disk.increases[COLUMN.reads])) continue;
      summed++;
      for (let column = 0; column < COLUMNS; column++) sums[column]! += disk.increases[column]!;
    }
    if (summed > 0) this.#sum.push(metrics, sums, seconds);
  }
}

/** Decides anew what each disk is: something was plugged in, or a volume was put together. */
function assignRoles(host: Host, disks: readonly Disk[]): readonly BlindSpot[] {
  const whole = host.list(BLOCK);
  if (typeof whole === 'number') {
    for (const disk of disks) disk.role = 'unknown';
    const why =
      whole === DENIED ? 'permission denied' : whole === MISSING ? 'it does not exist' : 'reading it fails';
    return [{ what: `disks (${BLOCK} tells whole ones from partitions)`, why, remedy: 'mount /sys' }];
  }
  const names = new Set(whole);
  for (const disk of disks) disk.role = role(host, disk.name, names);
  return [];
}

function role(host: Host, name: string, whole: ReadonlySet<string>): Role {
  // In /sys a slash of a device's name is a `!` (cciss/c0d0).
  const entry = name.replaceAll('/', '!');
  if (!whole.has(entry) || NOT_A_DISK.test(name)) return 'left out';
  if (host.read(`${BLOCK}/${entry}/hidden`) > 0 && host.buffer[0] === ONE) return 'left out';
  const beneath = host.list(`${BLOCK}/${entry}/slaves`);
  return typeof beneath !== 'number' && beneath.length > 0 ? 'stacked' : 'summed';
}
