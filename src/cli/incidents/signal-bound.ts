import type { Clock } from '../../lib/clock.ts';
import { TokenBucket } from '../../lib/token-bucket.ts';
import type { Loss } from '../../model/coverage.ts';
import { Losses } from '../../store/losses.ts';

/** New signals of one host: so many at once, then so many a second. A host that works tells a few a week, one in trouble some dozens. */
const AT_ONCE = 120;
const PER_SECOND = 1;
const TOO_FAST = `more than ${AT_ONCE} at once, then more than ${PER_SECOND} a second`;

/** How much one host may tell: it must not keep the others from being heard. What is refused is counted, by host. */
export class SignalBound {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #losses = new Map<string, Losses>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a new signal of a host is taken; where it is not it is counted. */
  takes(host: string): boolean {
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(host) ?? new TokenBucket(PER_SECOND, AT_ONCE, now);
    this.#buckets.set(host, bucket);
    const isTaken = bucket.take(1, now) === 0;
    if (!isTaken) this.refuse(host, TOO_FAST);
    return isTaken;
  }

  /** A signal of a host joins no incident. */
  refuse(host: string, why: string): void {
    const losses = this.#losses.get(host) ?? new Losses(this.#clock);
    this.#losses.set(host, losses);
    losses.add('signals refused', why, 1);
  }

  of(host: string): readonly Loss[] {
    return this.#losses.get(host)?.all() ?? [];
  }

  all(): readonly Loss[] {
    return [...this.#losses.values()].flatMap((losses) => losses.all());
  }
}
