/** How often something happens now: the mean over the past, of which what is `meanMs` older counts a factor e less. */
export class RateMeter {
  readonly #meanMs: number;
  /** Per ms, at `#at`. */
  #rate = 0;
  #at = 0;

  constructor(meanMs: number) {
    this.#meanMs = meanMs;
  }

  /** `now`: ms of a monotonic clock. */
  add(count: number, now: number): void {
    this.#rate = this.#decayed(now) + count / this.#meanMs;
    this.#at = now;
  }

  perSecond(now: number): number {
    return this.#decayed(now) * 1000;
  }

  #decayed(now: number): number {
    return this.#rate * Math.exp(-Math.max(0, now - this.#at) / this.#meanMs);
  }
}
