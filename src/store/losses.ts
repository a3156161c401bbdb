import type { Clock } from '../lib/clock.ts';
import type { Loss } from '../model/coverage.ts';

/** Counts of what was lost, by what and why; they only grow. */
export class Losses {
  readonly #clock: Clock;
  readonly #counts = new Map<string, Loss>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(what: Loss['what'], why: string, count: number): void {
    if (count <= 0) return;
    const key = `${what}: ${why}`;
    const before = this.#counts.get(key)?.count ?? 0;
    this.#counts.set(key, { what, why, count: before + count, lastAt: this.#clock.now() });
  }

  all(): readonly Loss[] {
    return [...this.#counts.values()];
  }
}
