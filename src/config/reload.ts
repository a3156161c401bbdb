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

type Apply = (now: never, before: never) => void;

/** Settings that can be read again while the program runs. `T`: sections with settings. */
export class Reloader<T extends object> {
  #current: T;
  readonly #read: () => Promise<T>;
  readonly #subscribers = new Map<keyof T, Apply[]>();
  #running: Promise<unknown> = Promise.resolve();

  /** `read` throws a UserError where the configuration is wrong: then nothing changes. */
  constructor(current: T, read: () => Promise<T>) {
    this.#current = current;
    this.#read = read;
  }

  /** `apply` is handed a section whenever it changed. A section that nobody subscribed to needs a restart. */
  onReload<K extends keyof T>(section: K, apply: (now: T[K], before: T[K]) => void): void {
    const others = this.#subscribers.get(section) ?? [];
    this.#subscribers.set(section, [...others, apply]);
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
      const changed = changes(this.#current[section], read[section], section);
      if (changed.length === 0) continue;
      const subscribers = this.#subscribers.get(section);
      if (!subscribers) {
        needRestart.push(...changed);
        continue;
      }
      try {
        for (const apply of subscribers) apply(read[section] as never, this.#current[section] as never);
        this.#current = { ...this.#current, [section]: read[section] };
        applied.push(...changed);
      } catch (error) {
        problems.push(`${section}: ${errorMessage(error)}; it needs a restart`);
      }
    }
    return { applied, needRestart, problems };
  }
}

/** The settings that differ, each by its full name. */
function changes(before: unknown, now: unknown, path: string): string[] {
  if (isDeepStrictEqual(before, now)) return [];
  if (!isMap(before) || !isMap(now)) return [path];
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].flatMap((name) => changes(before[name], now[name], `${path}.${name}`));
}
