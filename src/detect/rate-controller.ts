/**
 * Keeps the rate of alarms bearable when the machine has moved on since the training: each new alarm makes the return
 * period that the next one needs longer, quiet time shortens it again, never below where it began. An alarm that is open keeps the
 * threshold that opened it: ask `threshold` once, when it opens.
 */
export interface RateControllerOptions {
  /** The return period from which on a score alarms when all is quiet, seconds. */
  readonly baseSeconds: number;
  /** A new alarm multiplies the return period by e to this. */
  readonly raise?: number;
  /** So many alarms a day leave the threshold where it is. */
  readonly alarmsPerDay?: number;
}

const DAY_MS = 86_400_000;
const RAISE = 0.4;
const ALARMS_PER_DAY = 1.5;
/** After a burst the threshold must come down again within days: e^5 is 150 times the base. */
const HIGHEST = 5;

export class RateController {
  readonly #base: number;
  readonly #raise: number;
  readonly #fallPerMs: number;
  /** Logarithm of threshold over base. */
  #level = 0;

  constructor({ baseSeconds, raise = RAISE, alarmsPerDay = ALARMS_PER_DAY }: RateControllerOptions) {
    this.#base = baseSeconds;
    this.#raise = raise;
    this.#fallPerMs = (raise * alarmsPerDay) / DAY_MS;
  }

  /** The return period that a score needs now to open an alarm, seconds. */
  threshold(): number {
    return this.#base * Math.exp(this.#level);
  }

  /** A new alarm was opened. */
  alarmed(): void {
    this.#level = Math.min(HIGHEST, this.#level + this.#raise);
  }

  /** No alarm was open for `ms`. */
  quiet(ms: number): void {
    this.#level = Math.max(0, this.#level - this.#fallPerMs * Math.max(0, ms));
  }
}
