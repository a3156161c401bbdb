/** closed: it works, or is tried again soon. open: nothing is tried. half-open: one try decides. */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface CircuitBreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /**
   * For so long nothing is tried when it opens first, ms, and for twice as long each time that the one try fails, up to `longestMs`;
   * each time up to half as long again by chance: many that opened together do not come back together.
   */
  readonly openMs: number;
  readonly longestMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Monotonic, ms. */
  readonly now: () => number;
}

/** Spares the other side, and this one, tries that will fail (M. Nygard, "Release It!", 2007, Circuit Breaker). */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #failures = 0;
  /** For so long it opens next, ms. */
  #nextMs: number;
  /** Undefined while it is closed. */
  #opensUntil: number | undefined;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
    this.#nextMs = options.openMs;
  }

  get state(): BreakerState {
    if (this.#opensUntil === undefined) return 'closed';
    return this.waitMs() > 0 ? 'open' : 'half-open';
  }

  /** ms until something may be tried; 0 is now. */
  waitMs(): number {
    return this.#opensUntil === undefined ? 0 : Math.max(0, this.#opensUntil - this.#options.now());
  }

  /** A try failed: the last of several opens it, and so does a try of one that was half open. */
  failed(): void {
    const { failures, longestMs, random, now } = this.#options;
    this.#failures++;
    if (this.#opensUntil === undefined && this.#failures < failures) return;
    this.#opensUntil = now() + this.#nextMs * (1 + random() / 2);
    this.#nextMs = Math.min(longestMs, 2 * this.#nextMs);
  }

  succeeded(): void {
    this.#failures = 0;
    this.#nextMs = this.#options.openMs;
    this.#opensUntil = undefined;
  }
}
