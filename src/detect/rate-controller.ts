/**
 * Keeps the rate of alarms bearable when the machine has moved on since the training: each new alarm makes the return
 * period that the next one needs longer, quiet time shortens it again, never below where it began. An alarm that is open keeps the
 * threshold that opened it: ask `threshold` once, when it opens.
 */
export interface RateControllerOptions {
  /** The return period from which on a score alarms when all is quiet, seconds: what the user wishes for. */
  readonly baseSeconds: number;
  /** A new alarm multiplies the return period by e to this. */
  readonly raise?: number;
  /** So many alarms a day leave the threshold where it is; half as many again as are wished for, if left out. */
  readonly alarmsPerDay?: number;
}

const DAY_SECONDS = 86_400;
const DAY_MS = 86_400_000;
const RAISE = 0.4;
const MORE_THAN_WISHED = 1.5;
/** After a burst the threshold must come down again within about a week of quiet: e^5 is 150 times the base. */
const HIGHEST = 5;
const QUIET_DAYS = 9;
/** Who wishes for so few alarms that a week brings it down by less, still has this much between a calm and a busy machine. */
const LEAST_HIGHEST = 2;

export class RateController {
  readonly #base: number;
  readonly #raise: number;
  readonly #fallPerMs: number;
  readonly #highest: number;
  /** Logarithm of threshold over base. */
  #level = 0;

  constructor({ baseSeconds, raise = RAISE, alarmsPerDay }: RateControllerOptions) {
    const fallPerDay = raise * (alarmsPerDay ?? (MORE_THAN_WISHED * DAY_SECONDS) / baseSeconds);
    this.#base = baseSeconds;
    this.#raise = raise;
    this.#fallPerMs = fallPerDay / DAY_MS;
    this.#highest = Math.min(HIGHEST, Math.max(LEAST_HIGHEST, fallPerDay * QUIET_DAYS));
  }

  /** The return period that a score needs now to open an alarm, seconds. */
  threshold(): number {
    return this.#base * Math.exp(this.#level);
  }

  /** A new alarm was opened. */
  alarmed(): void {
    this.#level = Math.min(this.#highest, this.#level + this.#raise);
  }

  /** No alarm was open for `ms`. */
  quiet(ms: number): void {
    this.#level = Math.max(0, this.#level - this.#fallPerMs * Math.max(0, ms));
  }
}
