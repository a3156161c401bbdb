import type { ManualClock } from '../../src/lib/clock.ts';
import type { Timers } from '../../src/lib/timers.ts';

interface Timer {
  readonly due: number;
  readonly call: () => void;
}

/** Timers that fire when the clock is moved past them, in the order of their time. */
export class ManualTimers implements Timers {
  readonly #clock: ManualClock;
  #timers: Timer[] = [];

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { due: this.#clock.monotonic() + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Time passes, and every timer fires at its moment; promises that are ready are settled in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#clock.monotonic() + ms;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#clock.advance(Math.max(0, next.due - this.#clock.monotonic()));
      this.#fire(next);
      await settle();
    }
    this.#clock.advance(end - this.#clock.monotonic());
  }

  /** The event loop is blocked for `ms`: time passes, and what was due fires late, once. */
  async block(ms: number): Promise<void> {
    this.#clock.advance(ms);
    await this.advance(0);
  }

  get pending(): number {
    return this.#timers.length;
  }

  #next(end: number): Timer | undefined {
    const due = this.#timers.filter((timer) => timer.due <= end + 1e-6);
    return due.sort((one, other) => one.due - other.due)[0];
  }

  #fire(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
    timer.call();
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
