import type { Clock } from '../../lib/clock.ts';
import type { Role } from '../../model/access.ts';
import { hashOf, newSecret } from './secret.ts';

/** A session ends when it was not used for so long, and in any case after a week. */
const IDLE_MS = 12 * 3_600_000;
const LONGEST_MS = 7 * 86_400_000;
/** Beyond it the one that was not used for longest ends: nobody can fill the memory by signing in. */
const MOST = 1000;

/** Who is signed in, in a browser. */
export interface Session {
  readonly name: string;
  readonly role: Role;
  /** The hash of the named token that it began with; it ends with that. */
  readonly tokenHash?: string;
  readonly csrfToken: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

/** Moments on both clocks: the monotonic one stands still while the machine sleeps, the wall clock can be set back. */
interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

interface Entry {
  readonly session: Session;
  readonly began: Moment;
  used: Moment;
}

/** Sessions live in memory: a restart ends them all. They are held by the hash of their id. */
export class Sessions {
  readonly #clock: Clock;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins a session and returns its id, which nobody chose. `until`: when what it began with ends, ms since the epoch. */
  begin(who: Pick<Session, 'name' | 'role' | 'tokenHash'>, until = Number.POSITIVE_INFINITY): string {
    const id = newSecret();
    const began = this.#now();
    const expiresAt = Math.min(until, began.wall + LONGEST_MS);
    const session = { ...who, csrfToken: newSecret(), expiresAt };
    this.#entries.set(hashOf(id), { session, began, used: began });
    if (this.#entries.size > MOST) this.#entries.delete(this.#entries.keys().next().value!);
    return id;
  }

  /** The session of that id, which is used hereby; undefined where it ended. */
  use(id: string): Session | undefined {
    const key = hashOf(id);
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    if (!this.#holds(entry)) return undefined;
    entry.used = this.#now();
    this.#entries.set(key, entry);
    return entry.session;
  }

  /** Whether it has not ended; to look is not to use it. */
  holds(id: string): boolean {
    const entry = this.#entries.get(hashOf(id));
    return entry !== undefined && this.#holds(entry);
  }

  end(id: string): void {
    this.#entries.delete(hashOf(id));
  }

  #holds({ began, used }: Entry): boolean {
    return this.#since(began) < LONGEST_MS && this.#since(used) < IDLE_MS;
  }

  #now(): Moment {
    return { wall: this.#clock.now(), monotonic: this.#clock.monotonic() };
  }

  #since({ wall, monotonic }: Moment): number {
    return Math.max(this.#clock.now() - wall, this.#clock.monotonic() - monotonic);
  }
}
