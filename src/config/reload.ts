import { isDeepStrictEqual } from 'node:util';
import { errorMessage, UserError } from '../lib/errors.ts';
import { isMap } from './shape.ts';

/** What came of reading the configuration again. Names are settings with dots: `alarms.per_week`. */
export interface Reloaded {
  /** They hold from now on. */
  readonly applied: readonly string[];
  /** They changed, and hold from the next start on. */
  readonly needRestart: readonly string[];
  /** Why nothing, or not all, was taken over, each a line. */
  readonly problems: readonly string[];
}

interface Subscriber {
  readonly apply: (now: never, before: never) => void | Promise<void>;
  /** Settings of the section that it cannot take over. */
  readonly except: readonly string[];
}

/** Settings that can be read again while the program runs. `T`: sections with settings. */
export class Reloader<T extends object> {
  #current: T;
  readonly #read: () => Promise<T>;
  readonly #subscribers = new Map<keyof T, Subscriber>();
  #running: Promise<unknown> = Promise.resolve();

  /** `read` throws a UserError where the configuration is wrong: then nothing changes. */
  constructor(current: T, read: () => Promise<T>) {
    this.#current = current;
    this.#read = read;
  }

  /**
   * `apply` is handed a section whenever it changed; what it throws is told, and what held before stays in force. `except`: settings of
   * it that need a restart, as all of a section do that nobody takes. A section has one taker.
   */
  onReload<K extends keyof T>(
    section: K,
    apply: (now: T[K], before: T[K]) => void | Promise<void>,
    except: readonly (keyof NonNullable<T[K]> & string)[] = [],
  ): void {
    this.#subscribers.set(section, { apply, except });
  }

  /** Reads all again and hands each changed section to whoever subscribed to it. Never throws; one after the other. */
  reload(): Promise<Reloaded> {
    const next = this.#running.then(() => this.#reloadNow());
    this.#running = next;
    return next;
  }

  async #reloadNow(): Promise<Reloaded> {
    let read: T;
    try {
      read = await this.#read();
    } catch (error) {
      const problems = error instanceof UserError ? [error.message, ...error.more] : [errorMessage(error)];
      return { applied: [], needRestart: [], problems };
    }
    const applied: string[] = [];
    const needRestart: string[] = [];
    const problems: string[] = [];
    for (const section of Object.keys(read) as (keyof T & string)[]) {
      const before = this.#current[section];
      const subscriber = this.#subscribers.get(section);
      const now = subscriber ? kept(read[section], before, subscriber.except) : before;
      needRestart.push(...changes(now, read[section], section));
      const changed = changes(before, now, section);
      if (!subscriber || changed.length === 0) continue;
      try {
        await subscriber.apply(now as never, before as never);
        this.#current = { ...this.#current, [section]: now };
        applied.push(...changed);
      } catch (error) {
        problems.push(`${section}: ${errorMessage(error)}`);
      }
    }
    return { applied, needRestart, problems };
  }
}

/** A section as it is now, with those of its settings as they were that cannot change. */
function kept<S>(now: S, before: S, except: readonly string[]): S {
  if (except.length === 0 || !isMap(now) || !isMap(before)) return now;
  const others = Object.entries(now).filter(([name]) => !except.includes(name));
  const same = Object.entries(before).filter(([name]) => except.includes(name));
  return Object.fromEntries([...others, ...same]) as S;
}

/** The settings that differ, each by its full name. */
function changes(before: unknown, now: unknown, path: string): string[] {
  if (isDeepStrictEqual(before, now)) return [];
  if (!isMap(before) || !isMap(now)) return [path];
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].flatMap((name) => changes(before[name], now[name], `${path}.${name}`));
}
