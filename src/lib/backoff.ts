export interface BackoffOptions {
  /** The first wait is at most so long, ms; each one after it may be twice as long as the one before. */
  readonly baseMs: number;
  readonly capMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * How long to wait before the next try: exponential with full jitter, so that many who failed at the same moment do not
 * come back at the same moment (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** ms to wait after one more failure. The other side's `hintMs` is waited for in any case, and the jitter comes on top of it. */
  next(hintMs = 0): number {
    const { baseMs, capMs, random } = this.#options;
    const longest = Math.min(capMs, baseMs * 2 ** this.#failures);
    if (longest < capMs) this.#failures++;
    return hintMs + random() * longest;
  }

  /** It worked: the next failure is a first one. */
  reset(): void {
    this.#failures = 0;
  }
}
