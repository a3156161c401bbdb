import { DistinctCount } from '../lib/distinct.ts';
import type { Payload, ProcessEvent } from '../model/process-event.ts';
import {
  EXECUTABLE_STATES,
  type ExecutableState,
  executableState,
  type FileLookup,
  isValid,
} from './executable.ts';
import { HostPlatforms } from './host-platforms.ts';
import { classOf, isTypical, PLATFORMS, type Platform, PROCESS_CLASSES } from './paths.ts';
import { type Silence, Silences } from './silences.ts';
import { Sizes } from './sizes.ts';

/** A typical envelope of one process of a Mac, bytes. */
const MAC_ENVELOPE = { from: 139, to: 163 } as const;
/** A sender's clock may be so far ahead of ours, ms. */
const CLOCK_AHEAD_MS = 300_000;
/** Hosts and users are told apart up to so many: names can be made up without end. */
const MOST_NAMES = 10_000;
const OTHERS = '(others)';

export interface ValidationOptions {
  readonly fileExists: FileLookup;
  /** Nothing of a host for longer than this is a gap, ms. */
  readonly silenceMs: number;
  /** Shares from 0 to 1. */
  readonly minValid: number;
  readonly minTypical: number;
}

/** One kept event. */
export interface Kept {
  readonly host: string;
  /** The sender's time and the receiver's, ms since the epoch; the sender's is 0 where it gave none. */
  readonly at: number;
  readonly receivedAt: number;
  /** Of the envelope; undefined where it came in none. */
  readonly bytes: number | undefined;
  readonly payload: Payload;
}

export interface Check {
  readonly name: string;
  readonly value: number;
  readonly unit: 'share' | 'count';
  /** `value` must be at least this, or at most. */
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly passed: boolean;
}

/** Shares are from 0 to 1 and undefined where there is nothing that they could be a share of. */
export interface ValidationReport {
  readonly events: number;
  readonly payloads: Readonly<Record<string, number>>;
  /** Of the events those that are no message: nothing of them but their sender and size is known. */
  readonly undecoded: number;
  readonly hosts: Readonly<Record<string, number>>;
  /** Senders' times, ms since the epoch. */
  readonly firstAt: number | undefined;
  readonly lastAt: number | undefined;
  readonly clocks: { readonly unset: number; readonly ahead: number };
  readonly processes: number;
  /** A pid counts once a host; `exact` is false where the numbers are estimates (standard error 0.8 %). */
  readonly unique: { readonly pids: number; readonly executables: number; readonly exact: boolean };
  readonly executables: {
    readonly valid: number | undefined;
    readonly states: Readonly<Record<ExecutableState, number>>;
    /** Shares of the events that have a path. `own`: typical of the platform that they are from. */
    readonly typical: Readonly<Record<Platform | 'own', number | undefined>>;
  };
  readonly platforms: Readonly<Record<string, number>>;
  readonly classes: Readonly<Record<string, number>>;
  readonly users: Readonly<Record<string, number>>;
  readonly envelopeBytes:
    | {
        readonly min: number;
        readonly median: number;
        readonly p95: number;
        readonly max: number;
        readonly likeMac: { readonly from: number; readonly to: number; readonly events: number };
      }
    | undefined;
  readonly silences: {
    readonly longerThanMs: number;
    readonly count: number;
    readonly longest: readonly Silence[];
  };
  readonly checks: readonly Check[];
}

/** Looks at events one by one and keeps only counts: its memory does not depend on how many there are. */
export class Validation {
  readonly #options: ValidationOptions;
  readonly #payloads = new Counts();
  readonly #hosts = new Counts();
  readonly #users = new Counts();
  readonly #platforms = new Counts(PLATFORMS);
  readonly #classes = new Counts(PROCESS_CLASSES);
  readonly #states = new Counts(EXECUTABLE_STATES);
  readonly #typical = new Counts([...PLATFORMS, 'own']);
  readonly #pids = new DistinctCount();
  readonly #executables = new DistinctCount();
  readonly #sizes = new Sizes();
  readonly #silences: Silences;
  readonly #platformsOfHosts = new HostPlatforms();
  #events = 0;
  #processes = 0;
  #paths = 0;
  #firstAt = Number.POSITIVE_INFINITY;
  #lastAt = Number.NEGATIVE_INFINITY;
  #unset = 0;
  #ahead = 0;

  constructor(options: ValidationOptions) {
    this.#options = options;
    this.#silences = new Silences(options.silenceMs);
  }

  add({ host, at, receivedAt, bytes, payload }: Kept): void {
    this.#events++;
    this.#payloads.add(payload.kind);
    this.#hosts.add(host);
    if (bytes !== undefined) this.#sizes.add(bytes);
    this.#time(host, at, receivedAt);
    if (payload.kind === 'process') this.#process(host, payload.process);
  }

  #time(host: string, at: number, receivedAt: number): void {
    if (at === 0) {
      this.#unset++;
      return;
    }
    if (at > receivedAt + CLOCK_AHEAD_MS) this.#ahead++;
    this.#firstAt = Math.min(this.#firstAt, at);
    this.#lastAt = Math.max(this.#lastAt, at);
    this.#silences.add(host, at);
  }

  #process(host: string, event: ProcessEvent): void {
    const { pid, executable, osType, uid } = event;
    this.#processes++;
    this.#pids.add(`${host}\0${pid}`);
    this.#users.add(String(uid));
    const platform = this.#platformsOfHosts.of(host, executable, osType);
    this.#platforms.add(platform);
    const state = executableState(event, platform, host, this.#options.fileExists);
    this.#states.add(state);
    if (executable === '') {
      this.#classes.add(state === 'kernel_thread' ? 'system' : 'other');
      return;
    }
    this.#paths++;
    this.#executables.add(executable);
    this.#classes.add(classOf(executable, platform));
    for (const one of PLATFORMS) {
      if (!isTypical(executable, one)) continue;
      this.#typical.add(one);
      if (one === platform) this.#typical.add('own');
    }
  }

  report(): ValidationReport {
    const states = this.#states.all() as Record<ExecutableState, number>;
    const good = EXECUTABLE_STATES.filter(isValid).reduce((sum, state) => sum + states[state], 0);
    const share = (count: number, of: number): number | undefined => (of === 0 ? undefined : count / of);
    const typical = this.#typical.all() as Record<Platform | 'own', number>;
    const typicalShare = (of: Platform | 'own') => share(typical[of], this.#paths);
    const executables = {
      valid: share(good, this.#processes),
      states,
      typical: {
        own: typicalShare('own'),
        linux: typicalShare('linux'),
        darwin: typicalShare('darwin'),
        windows: typicalShare('windows'),
      },
    };
    return {
      events: this.#events,
      payloads: this.#payloads.all(),
      undecoded: this.#payloads.all().undecoded ?? 0,
      hosts: this.#hosts.all(),
      firstAt: Number.isFinite(this.#firstAt) ? this.#firstAt : undefined,
      lastAt: Number.isFinite(this.#lastAt) ? this.#lastAt : undefined,
      clocks: { unset: this.#unset, ahead: this.#ahead },
      processes: this.#processes,
      unique: {
        pids: this.#pids.count(),
        executables: this.#executables.count(),
        exact: this.#pids.isExact() && this.#executables.isExact(),
      },
      executables,
      platforms: this.#platforms.all(),
      classes: this.#classes.all(),
      users: this.#users.all(),
      envelopeBytes: this.#envelopeBytes(),
      silences: {
        longerThanMs: this.#options.silenceMs,
        count: this.#silences.count(),
        longest: this.#silences.longest(),
      },
      checks: this.#checks(executables.valid, executables.typical.own),
    };
  }

  #envelopeBytes(): ValidationReport['envelopeBytes'] {
    const [min, median, p95, max] = [0, 0.5, 0.95, 1].map((share) => this.#sizes.quantile(share));
    if (min === undefined || median === undefined || p95 === undefined || max === undefined) return undefined;
    const events = this.#sizes.within(MAC_ENVELOPE.from, MAC_ENVELOPE.to);
    return { min, median, p95, max, likeMac: { ...MAC_ENVELOPE, events } };
  }

  #checks(valid: number | undefined, typical: number | undefined): Check[] {
    const { minValid, minTypical } = this.#options;
    return [
      check('events', this.#events, { atLeast: 1 }),
      ...(valid === undefined
        ? []
        : [check('valid executable paths', valid, { atLeast: minValid }, 'share')]),
      ...(typical === undefined
        ? []
        : [check('paths typical of their platform', typical, { atLeast: minTypical }, 'share')]),
    ];
  }
}

/** A value held against a bound. */
export function check(
  name: string,
  value: number,
  bound: { readonly atLeast?: number; readonly atMost?: number },
  unit: Check['unit'] = 'count',
): Check {
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = bound;
  return { name, value, unit, ...bound, passed: value >= atLeast && value <= atMost };
}

/** Counts by name; names that come when there are too many share one. */
class Counts {
  readonly #counts: Map<string, number>;

  /** `names` are there with 0 from the beginning. */
  constructor(names: readonly string[] = []) {
    this.#counts = new Map(names.map((name) => [name, 0]));
  }

  add(name: string): void {
    const known = this.#counts.get(name);
    if (known !== undefined || this.#counts.size < MOST_NAMES) this.#counts.set(name, (known ?? 0) + 1);
    else this.#counts.set(OTHERS, (this.#counts.get(OTHERS) ?? 0) + 1);
  }

  /** Most frequent first; of equals by name. */
  all(): Record<string, number> {
    const sorted = [...this.#counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    return Object.fromEntries(sorted);
  }
}
