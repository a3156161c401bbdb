/** What is missing only because of rounding is there. */
const NOTHING = 1e-6;

/**
 * Tokens that come back evenly and are kept up to a bound (a token bucket, as in RFC 2697). It begins full. Times are ms of a
 * monotonic clock.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(perSecond: number, burst: number, now: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes `count`, or nothing where so many are not there. 0, or how many ms later they will be; more than the bound needs a full bucket. */
  take(count: number, now: number): number {
    this.#refill(now);
    const missing = Math.min(count, this.#burst) - this.#tokens;
    if (missing > NOTHING) return Math.ceil((missing - NOTHING) / this.#perMs);
    this.#tokens -= count;
    return 0;
  }

  /** Takes `count` whether they are there or not: what is missing is a debt. */
  charge(count: number, now: number): void {
    this.#refill(now);
    this.#tokens -= count;
  }

  /** In how many ms the debt will be paid; 0 where there is none. */
  debtMs(now: number): number {
    this.#refill(now);
    return this.#tokens > -NOTHING ? 0 : Math.ceil((-this.#tokens - NOTHING) / this.#perMs);
  }

  /** Whether nothing is taken: forgetting it and beginning anew would make no difference. */
  isFull(now: number): boolean {
    this.#refill(now);
    return this.#tokens > this.#burst - NOTHING;
  }

  #refill(now: number): void {
    if (now <= this.#at) return;
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
