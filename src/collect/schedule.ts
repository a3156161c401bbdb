/**
 * When the collectors are asked, and what becomes of those that do not answer.
 *
 *     beat ---> every collector that owes no answer ---> tick: what has answered by the deadline
 *     beat ---> process scan: all, or between full scans those that were busy
 *
 * Nothing here waits for anything that hangs, and everything that was lost is counted.
 */
import type { Clock } from '../lib/clock.ts';
import { duration } from '../lib/text.ts';
import { systemTimers, type Timers } from '../lib/timers.ts';
import type { BlindSpot, CollectorReport, Loss } from '../model/coverage.ts';
import type { Tick } from '../model/metric.ts';
import type { ProcessScan } from '../model/process.ts';
import { Beat, type BeatEvent } from './beat.ts';
import type { Collector } from './collector.ts';
import type { Host } from './host.ts';
import { adaptiveIntervals, type Intervals } from './power.ts';
import { askAll } from './round.ts';
import { Runner } from './runner.ts';

export interface ScheduleOptions {
  readonly host: Host;
  readonly clock: Clock;
  readonly collectors: readonly Collector[];
  /** Looks at all processes, or (`full` false) at the busy ones. May throw or reject: that is a scan missed. */
  readonly scanProcesses: (
    at: { readonly wall: number; readonly monotonic: number },
    full: boolean,
  ) => ProcessScan | Promise<ProcessScan>;
  /** What the scanner could not see, for its report. */
  readonly scanBlindSpots?: () => readonly BlindSpot[];
  /** ms; what is left out follows the machine's power and heat: 1 s and 5 s, 5 s and 25 s, 10 s and 50 s. */
  readonly intervals?: { readonly metricsMs?: number; readonly processesMs?: number };
  /** How long a tick waits for its collectors, ms; default 500, and never longer than half an interval. */
  readonly deadlineMs?: number;
  readonly timers?: Timers;
  readonly onTick: (tick: Tick) => void;
  readonly onScan: (scan: ProcessScan) => void;
  /** Each time something is lost, with its new count. */
  readonly onLoss?: (loss: Loss) => void;
  /** One line for the log: the clock was set, the intervals changed. */
  readonly onNote?: (note: string) => void;
}

const DEADLINE_MS = 500;
/** Busy processes are looked at this often, or with each tick where ticks are rarer. */
const BUSY_MS = 1000;
/** Power and heat are looked at this often. */
const POWER_EVERY_MS = 30_000;
const SCANNER = 'processes';

export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #timers: Timers;
  readonly #runners: readonly Runner[];
  readonly #scanner: Runner;
  readonly #metrics: Beat;
  readonly #processes: Beat;
  readonly #losses = new Map<string, Loss>();
  #intervals: Intervals;
  #powerAt = Number.NEGATIVE_INFINITY;
  #fullScanAt = Number.NEGATIVE_INFINITY;
  #scanFull = true;
  #scan: ProcessScan | undefined;
  #scanWaiters: ((scan: ProcessScan | undefined) => void)[] = [];
  #running = false;

  constructor(options: ScheduleOptions) {
    const { clock, timers = systemTimers } = options;
    this.#options = options;
    this.#timers = timers;
    this.#runners = options.collectors.map((collector) => new Runner(collector, clock));
    this.#scanner = new Runner(this.#scanCollector(), clock);
    this.#intervals = this.#chooseIntervals();
    this.#metrics = new Beat(clock, timers, this.#intervals.metricsMs, (event) => this.#tick(event));
    this.#processes = new Beat(clock, timers, this.#scanMs(), (event) => this.#scanBeat(event));
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#metrics.start();
    this.#processes.start();
  }

  /** Nothing is called any more once this has resolved; what was under way is dropped. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#metrics.stop();
    this.#processes.stop();
    this.#answerScanWaiters(undefined);
  }

  intervals(): Intervals {
    return this.#intervals;
  }

  /** One report a collector, and one of the process scanner. */
  reports(): CollectorReport[] {
    return [...this.#runners, this.#scanner].map((runner) => runner.report());
  }

  losses(): Loss[] {
    return [...this.#losses.values()];
  }

  /** An extra full scan, besides those of the schedule; undefined where it failed or the schedule was stopped. */
  scanNow(): Promise<ProcessScan | undefined> {
    return new Promise((resolve) => {
      this.#scanWaiters.push(resolve);
      if (!this.#scanner.pending) this.#startScan(true);
    });
  }

  #tick({ at, missed, jumped }: BeatEvent): void {
    if (jumped !== 0) this.#clockJumped(jumped);
    if (missed > 0) this.#lose('ticks missed', 'the program was held up', missed);
    this.#watchPower();
    const asked = this.#runners.filter((runner) => !runner.pending);
    askAll(asked, this.#options.host, this.#timers, this.#deadline(), (metrics) => {
      if (this.#running) this.#options.onTick({ at, metrics });
    });
  }

  #deadline(): number {
    return Math.min(this.#options.deadlineMs ?? DEADLINE_MS, this.#intervals.metricsMs / 2);
  }

  /** Rates follow the monotonic clock and do not notice; the times of ticks do. */
  #clockJumped(ms: number): void {
    const interval = this.#intervals.metricsMs;
    const direction = ms > 0 ? 'forward' : 'back';
    this.#options.onNote?.(`the wall clock jumped ${direction} by ${duration(Math.abs(ms))}`);
    const missed = Math.floor(ms / interval);
    if (missed > 0) this.#lose('ticks missed', 'the machine slept, or its clock was set forward', missed);
  }

  #scanBeat({ missed }: BeatEvent): void {
    if (missed > 0) this.#lose('scans missed', 'the program was held up', missed);
    if (this.#scanner.pending) {
      this.#scanner.isLate();
      this.#lose('scans missed', 'the one before has not ended', 1);
      return;
    }
    const sinceFull = this.#options.clock.monotonic() - this.#fullScanAt;
    // Half a beat of tolerance: timers come a little early or late.
    this.#startScan(sinceFull >= this.#intervals.processesMs - this.#processes.intervalMs / 2);
  }

  #startScan(full: boolean): void {
    this.#scanFull = full;
    this.#scan = undefined;
    if (full) this.#fullScanAt = this.#options.clock.monotonic();
    this.#scanner.run(this.#options.host, () => this.#scanEnded());
  }

  #scanEnded(): void {
    const scan = this.#scan;
    if (!this.#running) return;
    if (!scan) this.#lose('scans missed', this.#scanner.report().error ?? 'it failed', 1);
    else {
      for (const { collector } of this.#runners) collector.observe?.(scan);
      this.#options.onScan(scan);
    }
    if (this.#scanWaiters.length === 0) return;
    if (this.#scanFull) this.#answerScanWaiters(scan);
    else this.#startScan(true);
  }

  #answerScanWaiters(scan: ProcessScan | undefined): void {
    const waiters = this.#scanWaiters;
    this.#scanWaiters = [];
    for (const resolve of waiters) resolve(scan);
  }

  /** The scanner in the shape of a collector, so that its report is made like all others. */
  #scanCollector(): Collector {
    return {
      name: SCANNER,
      platforms: [],
      collect: async (_host, monotonic) => {
        const { clock, scanProcesses, scanBlindSpots } = this.#options;
        this.#scan = await scanProcesses({ wall: clock.now(), monotonic }, this.#scanFull);
        return { metrics: [], blind: scanBlindSpots?.() ?? [] };
      },
    };
  }

  #watchPower(): void {
    const now = this.#options.clock.monotonic();
    if (now - this.#powerAt < POWER_EVERY_MS) return;
    this.#powerAt = now;
    const next = this.#chooseIntervals();
    if (next.metricsMs === this.#intervals.metricsMs && next.processesMs === this.#intervals.processesMs)
      return;
    this.#intervals = next;
    this.#metrics.setInterval(next.metricsMs);
    this.#processes.setInterval(this.#scanMs());
    this.#options.onNote?.(`the machine is looked at every ${duration(next.metricsMs)}: ${next.reason}`);
  }

  #chooseIntervals(): Intervals {
    const { metricsMs, processesMs } = this.#options.intervals ?? {};
    if (metricsMs !== undefined && processesMs !== undefined)
      return { metricsMs, processesMs, reason: 'configured' };
    const adaptive = adaptiveIntervals(this.#options.host);
    if (metricsMs === undefined && processesMs === undefined) return adaptive;
    return {
      metricsMs: metricsMs ?? adaptive.metricsMs,
      processesMs: processesMs ?? adaptive.processesMs,
      reason: `configured, else ${adaptive.reason}`,
    };
  }

  #scanMs(): number {
    const { metricsMs, processesMs } = this.#intervals;
    return Math.min(Math.max(BUSY_MS, metricsMs), processesMs);
  }

  #lose(what: Loss['what'], why: string, count: number): void {
    const key = `${what} ${why}`;
    const before = this.#losses.get(key)?.count ?? 0;
    const loss: Loss = { what, why, count: before + count, lastAt: this.#options.clock.now() };
    this.#losses.set(key, loss);
    this.#options.onLoss?.(loss);
  }
}
