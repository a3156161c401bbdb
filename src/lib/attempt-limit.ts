import type { Clock } from './clock.ts';
import { networkOf } from './network-address.ts';

/**
 * Failed attempts that one network, and all together, may have at once and then regain in a minute. What all together may is for the
 * server's CPU only: it must be more than whoever has some networks can use up, as it is everybody who waits then.
 */
const PER_NETWORK = 10;
const IN_ALL = 6000;
const REGAIN_MS = 60_000;
/** Networks that are remembered; each has had its failed attempts lately. */
const MAX_NETWORKS = 10_000;

interface Bucket {
  /** Failed attempts that are not yet forgiven, as of `at` (monotonic ms). */
  failures: number;
  at: number;
}

/**
 * Leaky buckets of failed attempts: what succeeds costs nothing. Of a random token this saves the server's CPU
 * and its log, not the token; of one that a person chose the token as well.
 */
export class AttemptLimit {
  readonly #clock: Clock;
  readonly #all: Bucket;
  readonly #networks = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#all = { failures: 0, at: clock.monotonic() };
  }

  /** ms until another attempt is heard; 0: now. */
  waitMs(address: string): number {
    const own = this.#networks.get(networkOf(address));
    return Math.max(this.#overMs(this.#all, IN_ALL), own ? this.#overMs(own, PER_NETWORK) : 0);
  }

  failed(address: string): void {
    this.#count(this.#all, IN_ALL);
    const network = networkOf(address);
    let own = this.#networks.get(network);
    if (!own) {
      own = { failures: 0, at: this.#clock.monotonic() };
      if (this.#networks.size >= MAX_NETWORKS) this.#networks.delete(this.#networks.keys().next().value!);
      this.#networks.set(network, own);
    }
    this.#count(own, PER_NETWORK);
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
