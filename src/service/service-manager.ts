import type { Clock } from '../lib/clock.ts';
import { type Notify, openNotify } from '../lib/sd-notify.ts';

/** Pings per span that systemd waits for one. */
const PINGS = 3;
/** A program that looks this rarely is alive for so long after each look, whatever its interval, ms. */
const LEAST_PATIENCE_MS = 30_000;
/** So many looks may be missed: a machine that was asleep, or is starved, is not dead. */
const MISSED = 3;

export interface ServiceManagerOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Time between looks now, ms. */
  readonly intervalMs: () => number;
  readonly onProblem: (problem: string) => void;
}

/** The service manager that started this program, where there is one; all of it does nothing where there is none. */
export class ServiceManager {
  readonly #notify: Notify | undefined;
  readonly #options: ServiceManagerOptions;
  readonly #everyMs: number | undefined;
  #lookedAt: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
    this.#notify = openNotify(options.env, options.onProblem);
    this.#lookedAt = options.clock.monotonic();
    this.#everyMs = watchdogMs(options.env);
  }

  /** To be called once, when everything runs. */
  ready(status: string): void {
    this.#notify?.('READY=1', `STATUS=${status}`);
    if (!this.#notify || this.#everyMs === undefined) return;
    this.#timer = setInterval(() => this.#ping(), this.#everyMs / PINGS).unref();
  }

  /** The work goes on: whoever does not look any more is not alive, even where timers still run. */
  looked(): void {
    this.#lookedAt = this.#options.clock.monotonic();
  }

  stopping(): void {
    clearInterval(this.#timer);
    this.#notify?.('STOPPING=1');
  }

  #ping(): void {
    const patience = Math.max(LEAST_PATIENCE_MS, MISSED * this.#options.intervalMs());
    if (this.#options.clock.monotonic() - this.#lookedAt <= patience) this.#notify?.('WATCHDOG=1');
  }
}

/** How long systemd waits for a ping of this process, ms; undefined where it does not. */
function watchdogMs({ WATCHDOG_USEC: usec, WATCHDOG_PID: pid }: NodeJS.ProcessEnv): number | undefined {
  const ms = Number(usec) / 1000;
  return ms > 0 && (pid === undefined || Number(pid) === process.pid) ? ms : undefined;
}
