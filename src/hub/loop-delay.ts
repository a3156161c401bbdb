import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;
const NS_A_SECOND = 1e9;
/** Prometheus keeps the label `quantile` for summaries: this is a gauge, so it is called `share` there. */
const QUANTILES = [0.5, 0.99, 1] as const;

/** How late the thread that answers the clients does what is due: whoever waits for an answer waits so much longer. */
export class LoopDelay {
  /** Node counts the time between two looks, so what is not late has `RESOLUTION_MS`. */
  readonly #times = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#times.enable();
  }

  /** Since the last time that it was asked, in Prometheus' text format. */
  text(): string {
    const name = 'hub_event_loop_delay_seconds';
    const lines = QUANTILES.map((quantile) => `${name}{share="${quantile}"} ${this.#late(100 * quantile)}\n`);
    this.#times.reset();
    return `# HELP ${name} How late the hub does what is due, since it was asked last.\n# TYPE ${name} gauge\n${lines.join('')}`;
  }

  #late(percentile: number): number {
    return Math.max(0, this.#times.percentile(percentile) / NS_A_SECOND - RESOLUTION_MS / 1000);
  }

  stop(): void {
    this.#times.disable();
  }
}
