/**
 * CPU, load and the counts of the scheduler, from /proc/stat (Documentation/filesystems/proc.rst 1.7) and /proc/loadavg.
 *
 * Shares are increases over the sum of the increases of all modes, so the length of a clock tick does not matter.
 * user and nice already contain the time of guests. The kernel warns that iowait may fall: that mode is then absent once.
 */
import type { BlindSpot } from '../../model/coverage.ts';
import { type Metric, type Series, series } from '../../model/metric.ts';
import { readOrBlind } from '../blind.ts';
import { nextLine, readDecimal, readUint, skipSpaces, skipTokens, startsWith, tokenEnd } from '../bytes.ts';
import type { Collection, Collector } from '../collector.ts';
import { Counter, Interval, pushGauge, Rate } from '../counter.ts';
import type { Host } from '../host.ts';
import { Frequency } from './frequency.ts';

const STAT = '/proc/stat';
const LOAD = '/proc/loadavg';

const CPU = Buffer.from('cpu');
/** The lines with one number of interest, in the order of `COUNT`. */
const COUNT_LABELS = ['intr ', 'ctxt ', 'processes ', 'procs_running ', 'procs_blocked '].map((label) =>
  Buffer.from(label),
);
const COUNT = { interrupts: 0, contextSwitches: 1, created: 2, running: 3, blocked: 4 } as const;
const SPACE = 32;

/** The first eight columns of a cpu line; the two after them (guest, guest_nice) are parts of user and nice. */
const IDLE = 3;
const IOWAIT = 4;
const INTERRUPT = 5;
const SOFT_INTERRUPT = 6;
const COLUMNS = 8;
/** The kernel's own limit (CONFIG_NR_CPUS). */
const MOST_CPUS = 8192;

const UTILIZATION = series('system.cpu.utilization');
const BUSIEST = series('system.cpu.busiest.utilization');
const RUN_QUEUE = series('system.linux.run_queue');
const BLOCKED_COUNT = series('system.process.count', { 'process.state': 'blocked' });
const THREADS = series('system.linux.thread.count');
const LOADS = [
  series('system.linux.cpu.load_1m'),
  series('system.linux.cpu.load_5m'),
  series('system.linux.cpu.load_15m'),
] as const;
/** The series of each column; those of softirq are counted with the other interrupts. */
const MODES: readonly (Series | undefined)[] = [
  'user',
  'nice',
  'system',
  'idle',
  'iowait',
  'interrupt',
  undefined,
  'steal',
].map((mode) => (mode === undefined ? undefined : series('system.cpu.utilization', { 'cpu.mode': mode })));

/** The counters of one CPU line. */
class CpuTimes {
  readonly increases = new Float64Array(COLUMNS);
  /** Sum of the increases, in clock ticks; NaN where one of them cannot be known. */
  total = Number.NaN;
  /** The number of the look that saw it last. */
  look = 0;
  readonly #counters = Array.from({ length: COLUMNS }, () => new Counter());

  /** `look` counts the calls; a CPU that was offline at the look before this one starts anew. */
  read(buffer: Buffer, line: number, look: number): void {
    if (look !== this.look + 1) for (const counter of this.#counters) counter.forget();
    this.look = look;
    let offset = line;
    let total = 0;
    for (let column = 0; column < COLUMNS; column++) {
      offset = skipTokens(buffer, offset, 1);
      const increase = this.#counters[column]!.increase(readUint(buffer, offset));
      this.increases[column] = increase;
      total += column === IOWAIT && Number.isNaN(increase) ? 0 : increase;
    }
    this.total = total;
  }

  /** Share of the time in which it was neither idle nor waiting for a disk; NaN where it cannot be known. */
  busy(): number {
    const iowait = this.increases[IOWAIT]!;
    const rest = this.increases[IDLE]! + (iowait > 0 ? iowait : 0);
    return this.total > 0 ? 1 - rest / this.total : Number.NaN;
  }
}

export function createCpuCollector(): Collector {
  return new LinuxCpu();
}

class LinuxCpu implements Collector {
  readonly name = 'cpu';
  readonly platforms: readonly NodeJS.Platform[] = ['linux'];
  readonly #interval = new Interval();
  readonly #all = new CpuTimes();
  readonly #each: CpuTimes[] = [];
  #look = 0;
  readonly #counts = new Float64Array(COUNT_LABELS.length);
  readonly #interrupts = new Rate(series('system.linux.interrupts'));
  readonly #switches = new Rate(series('system.linux.context_switches'));
  readonly #created = new Rate(series('system.process.created'));
  readonly #frequency = new Frequency();

  async collect(host: Host, at: number): Promise<Collection> {
    const metrics: Metric[] = [];
    const blind: BlindSpot[] = [];
    if (readOrBlind(host, STAT, blind, true) > 0) this.#stat(host.buffer, metrics, this.#interval.step(at));
    if (readOrBlind(host, LOAD, blind, true) > 0) load(host.buffer, metrics);
    this.#frequency.push(host, at, metrics);
    return { metrics, blind };
  }

  #stat(buffer: Buffer, metrics: Metric[], seconds: number): void {
    this.#look++;
    this.#counts.fill(Number.NaN);
    let busiest = Number.NaN;
    for (let line = 0; buffer[line] !== 0; line = nextLine(buffer, line)) {
      if (!startsWith(buffer, line, CPU)) readCount(buffer, line, this.#counts);
      else if (buffer[line + CPU.length] === SPACE) this.#modes(buffer, line, metrics, seconds);
      else {
        const busy = this.#core(buffer, line);
        if (busy > busiest || Number.isNaN(busiest)) busiest = busy;
      }
    }
    if (seconds > 0) pushGauge(metrics, BUSIEST, busiest);
    this.#pushCounts(metrics, seconds);
  }

  #modes(buffer: Buffer, line: number, metrics: Metric[], seconds: number): void {
    const all = this.#all;
    all.read(buffer, line, this.#look);
    if (!(all.total > 0 && seconds > 0)) return;
    for (let column = 0; column < COLUMNS; column++) {
      const mode = MODES[column];
      if (mode) pushGauge(metrics, mode, modeIncrease(all.increases, column) / all.total);
    }
    pushGauge(metrics, UTILIZATION, all.busy());
  }

  #core(buffer: Buffer, line: number): number {
    const number = readUint(buffer, line + CPU.length);
    if (!(number < MOST_CPUS)) return Number.NaN;
    this.#each[number] ??= new CpuTimes();
    this.#each[number].read(buffer, line, this.#look);
    return this.#each[number].busy();
  }

  /** A line that was missing in a truncated file is NaN here, so its counter starts anew. */
  #pushCounts(metrics: Metric[], seconds: number): void {
    const counts = this.#counts;
    this.#interrupts.push(metrics, counts[COUNT.interrupts]!, seconds);
    this.#switches.push(metrics, counts[COUNT.contextSwitches]!, seconds);
    this.#created.push(metrics, counts[COUNT.created]!, seconds);
    pushGauge(metrics, RUN_QUEUE, counts[COUNT.running]!);
    pushGauge(metrics, BLOCKED_COUNT, counts[COUNT.blocked]!);
  }
}

function readCount(buffer: Buffer, line: number, counts: Float64Array): void {
  for (let index = 0; index < COUNT_LABELS.length; index++) {
    const label = COUNT_LABELS[index]!;
    if (startsWith(buffer, line, label)) counts[index] = readUint(buffer, line + label.length);
  }
}

function modeIncrease(increases: Float64Array, column: number): number {
  return column === INTERRUPT ? increases[INTERRUPT]! + increases[SOFT_INTERRUPT]! : increases[column]!;
}

/** `0.20 0.18 0.12 1/80 11206`: three averages, threads that run / threads that exist, the last pid. */
function load(buffer: Buffer, metrics: Metric[]): void {
  let offset = 0;
  for (const average of LOADS) {
    pushGauge(metrics, average, readDecimal(buffer, offset));
    offset = skipTokens(buffer, offset, 1);
  }
  const slash = buffer.indexOf('/', offset);
  if (slash > 0 && slash < tokenEnd(buffer, offset)) {
    pushGauge(metrics, THREADS, readUint(buffer, skipSpaces(buffer, slash + 1)));
  }
}
