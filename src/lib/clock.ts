/** Time as a parameter, so that every decision that depends on it can be tested and replayed. */
export interface Clock {
  /** Wall clock, ms since the Unix epoch. May jump in both directions. */
  now(): number;
  /** Monotonic clock in ms from an arbitrary start. Never goes back; stands still while the machine sleeps. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  #now: number;
  #monotonic = 0;

  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** Both clocks move on by `ms`. */
  advance(ms: number): void {
    this.#now += ms;
    this.#monotonic += ms;
  }

  /** The wall clock alone jumps by `ms`, as when a person or NTP sets it. */
  jump(ms: number): void {
    this.#now += ms;
  }
}
