import type { Clock } from '../lib/clock.ts';

/** Failed attempts that one address, and all together, may have at once and then regain in a minute. */
const PER_ADDRESS = 10;
const IN_ALL = 600;
const REGAIN_MS = 60_000;
/** Addresses that are remembered; each has had its failed attempts lately. */
const MAX_ADDRESSES = 10_000;

interface Bucket {
  /** Failed attempts that are not yet forgiven, as of `at` (monotonic ms). */
  failures: number;
  at: number;
}

/**
 * Leaky buckets of failed attempts: what succeeds costs nothing. A token has 192 random bits, so this saves the hub's CPU
 * and its log, not the token.
 */
export class AttemptLimit {
  readonly #clock: Clock;
  readonly #all: Bucket;
  readonly #addresses = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#all = { failures: 0, at: clock.monotonic() };
  }

  /** ms until another attempt is heard; 0: now. */
  waitMs(address: string): number {
    const own = this.#addresses.get(address);
    return Math.max(this.#overMs(this.#all, IN_ALL), own ? this.#overMs(own, PER_ADDRESS) : 0);
  }

  failed(address: string): void {
    this.#count(this.#all, IN_ALL);
    let own = this.#addresses.get(address);
    if (!own) {
      own = { failures: 0, at: this.#clock.monotonic() };
      if (this.#addresses.size >= MAX_ADDRESSES) this.#addresses.delete(this.#addresses.keys().next().value!);
      this.#addresses.set(address, own);
    }
    this.#count(own, PER_ADDRESS);
  }

  #overMs(bucket: Bucket, size: number): number {
    const over = this.#left(bucket, size) - (size - 1);
    return over <= 0 ? 0 : (over * REGAIN_MS) / size;
  }

  #count(bucket: Bucket, size: number): void {
    bucket.failures = this.#left(bucket, size) + 1;
    bucket.at = this.#clock.monotonic();
  }

  #left({ failures, at }: Bucket, size: number): number {
    return Math.max(0, failures - ((this.#clock.monotonic() - at) * size) / REGAIN_MS);
  }
}
