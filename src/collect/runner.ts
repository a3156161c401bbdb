import type { Clock } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import type { BlindSpot, CollectorReport } from '../model/coverage.ts';
import type { Metric } from '../model/metric.ts';
import type { Collection, Collector } from './collector.ts';
import type { Host } from './host.ts';

const NOTHING: readonly Metric[] = [];

/** One collector, how it fares, and whether it still owes an answer. */
export class Runner {
  readonly collector: Collector;
  readonly #clock: Clock;
  #pending = false;
  #late = false;
  #at = 0;
  #durationMs = 0;
  #outcome: CollectorReport['outcome'] = 'ok';
  #error: string | undefined;
  #metrics = 0;
  #blind: readonly BlindSpot[] = [];
  #runs = 0;
  #failures = 0;

  constructor(collector: Collector, clock: Clock) {
    this.collector = collector;
    this.#clock = clock;
  }

  /** It has not answered yet, and is not asked again until it does. */
  get pending(): boolean {
    return this.#pending;
  }

  /** Asks; `done` is called with the metrics once they are there, none if it failed. Never throws. */
  run(host: Host, done: (metrics: readonly Metric[]) => void): void {
    const startedAt = this.#clock.monotonic();
    this.#pending = true;
    this.#late = false;
    this.#runs++;
    this.#ask(host, startedAt).then(
      (collection) => {
        this.#end(startedAt, 'ok');
        this.#metrics = collection.metrics.length;
        this.#blind = collection.blind;
        done(collection.metrics);
      },
      (error: unknown) => {
        this.#end(startedAt, 'failed', errorMessage(error));
        done(NOTHING);
      },
    );
  }

  async #ask(host: Host, at: number): Promise<Collection> {
    return this.collector.collect(host, at);
  }

  /** Others went on without it. */
  isLate(): void {
    if (this.#late) return;
    this.#late = true;
    this.#outcome = 'late';
    this.#failures++;
    this.#at = this.#clock.now();
  }

  #end(startedAt: number, outcome: 'ok' | 'failed', error?: string): void {
    this.#pending = false;
    this.#at = this.#clock.now();
    this.#durationMs = this.#clock.monotonic() - startedAt;
    // An answer that came too late was a failure already, and reads `late` until the next run.
    if (this.#late) return;
    if (outcome === 'failed') this.#failures++;
    this.#outcome = outcome;
    this.#error = error;
  }

  report(): CollectorReport {
    return {
      collector: this.collector.name,
      at: this.#at,
      durationMs: this.#durationMs,
      outcome: this.#outcome,
      ...(this.#error === undefined ? {} : { error: this.#error }),
      metrics: this.#metrics,
      blind: this.#blind,
      runs: this.#runs,
      failures: this.#failures,
    };
  }
}
