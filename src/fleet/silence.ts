import type { Clock } from '../lib/clock.ts';
import { BACK_WITHIN_MS } from '../model/publish.ts';

/** A host that is heard each second may be quiet for so long before anybody is told, ms. */
const LEAST_MS = 60_000;
const INTERVALS = 3;
/**
 * The same for one that was not heard since the hub began to hear: its agent failed to reach the hub before and waits for its next try.
 * The last 15 s are for what comes first over its stream to be kept and read.
 */
const FIRST_MS = BACK_WITHIN_MS + 15_000;
/** Who was not looked at for so long did not look: the hub slept or stood still, and heard nobody. */
const STALL_MS = 30_000;

/** How long a host that is usually heard each `intervalMs` may be quiet, ms. */
const patience = (intervalMs: number): number => Math.max(LEAST_MS, INTERVALS * intervalMs);

/**
 * Who has been quiet for too long. Only time in which the hub could have heard counts: it begins with the hub's start, and anew where the
 * hub stood still or could take nothing. It is the monotonic clock's, so that neither a set clock nor sleep makes hosts silent.
 */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #heardAt = new Map<string, number>();
  #countedFrom: number;
  #lookedAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#countedFrom = clock.monotonic();
    this.#lookedAt = this.#countedFrom;
  }

  heard(host: string): void {
    this.#heardAt.set(host, this.#clock.monotonic());
  }

  /** To be called every few seconds; `hears`: the hub takes what is sent to it. */
  look(hears: boolean): void {
    const now = this.#clock.monotonic();
    if (!hears || now - this.#lookedAt > STALL_MS) this.#countedFrom = now;
    this.#lookedAt = now;
  }

  isSilent(host: string, intervalMs: number): boolean {
    const now = this.#clock.monotonic();
    const usual = patience(intervalMs);
    const heardAt = this.#heardAt.get(host);
    if (heardAt !== undefined && heardAt >= this.#countedFrom) return now - heardAt > usual;
    return now - this.#countedFrom > Math.max(FIRST_MS, usual);
  }
}
