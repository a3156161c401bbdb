import type { Severity } from '../../model/anomaly.ts';
import type { Incident } from '../../model/incident.ts';
import { isGraver } from './kept.ts';
import type { WallClock } from './windows.ts';

/** One time that a cause made an incident. */
interface Occurrence {
  readonly id: string;
  /** Of its beginning, ms since the epoch, and as a wall clock shows it. */
  readonly since: number;
  readonly minuteOfDay: number;
  readonly weekday: number;
  readonly lastedMs: number;
  readonly severity: Severity;
  readonly confirmed: boolean;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const DAY_MINUTES = 24 * 60;

/** What comes again: each day, or each week. */
interface Season {
  readonly name: (weekday: number) => string;
  readonly toleranceMinutes: number;
  /** At most so much between one time and the next: one time may be missed, and a weekend. */
  readonly longestGapMs: number;
  readonly isSameDay: (one: Occurrence, other: Occurrence) => boolean;
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const SEASONS: readonly Season[] = [
  {
    name: () => 'each day',
    toleranceMinutes: 45,
    longestGapMs: 3.1 * DAY,
    isSameDay: () => true,
  },
  {
    name: (weekday) => `each ${WEEKDAYS[weekday]}`,
    toleranceMinutes: 90,
    longestGapMs: 14.1 * DAY,
    isSameDay: (one, other) => one.weekday === other.weekday,
  },
];

/** It was seen so often before, on different days, until it is expected. */
const SEEN = 3;
/** Of the times that a cause was seen in the same span, so many must be at its hour: what comes at any hour has none. */
const SHARE = 0.5;
/** What lasts so many times as long as ever, and so much longer at least, is news. */
const LONGER = 2;
const MUCH_LONGER_MS = 15 * MINUTE;
/** Times that are remembered of a cause, and causes. */
const MOST_TIMES = 40;
const MOST_CAUSES = 500;

/** Which incidents are the work of a season: a backup each night, a job each Sunday. */
export class Seasons {
  readonly #wallClock: WallClock;
  /** Latest last, by host and cause; causes that were seen last come last. */
  readonly #seen = new Map<string, readonly Occurrence[]>();

  constructor(wallClock: WallClock) {
    this.#wallClock = wallClock;
  }

  /** An incident is over: once more, at this time. */
  observe(incident: Incident): void {
    const key = keyOf(incident);
    const others = (this.#seen.get(key) ?? []).filter(({ id }) => id !== incident.id);
    this.#seen.delete(key);
    this.#seen.set(
      key,
      [...others, this.#occurrence(incident, incident.closedAt ?? incident.updatedAt)].slice(-MOST_TIMES),
    );
    if (this.#seen.size > MOST_CAUSES) this.#seen.delete(this.#seen.keys().next().value!);
  }

  /** Why an incident is expected at `at`: `expected: each day about 02:00, seen 4 times`; undefined where it is not, or is more than it ever was. */
  expected(incident: Incident, at: number): string | undefined {
    const seen = this.#seen.get(keyOf(incident));
    if (!seen || seen.length < SEEN) return undefined;
    const now = this.#occurrence(incident, incident.closedAt ?? at);
    const before = seen.filter(({ id, since }) => id !== now.id && since < now.since);
    for (const season of SEASONS) {
      const times = timesOf(season, now, before);
      if (times && isNoMore(now, times))
        return `expected: ${season.name(now.weekday)} about ${clockTime(times)}, seen ${times.length + 1} times`;
    }
    return undefined;
  }

  #occurrence(incident: Incident, end: number): Occurrence {
    const { id, since, severity, verdict } = incident;
    const { time, weekday } = this.#wallClock(since);
    const minuteOfDay = 60 * Number(time.slice(0, 2)) + Number(time.slice(3));
    return {
      id,
      since,
      minuteOfDay,
      weekday,
      lastedMs: end - since,
      severity,
      confirmed: verdict === 'confirmed',
    };
  }
}

const keyOf = ({ host, cause }: Incident): string => `${host}\n${cause}`;

/** The latest times, one after the other, at which it came as it comes now; undefined where it has no season. */
function timesOf(
  { isSameDay, toleranceMinutes, longestGapMs }: Season,
  now: Occurrence,
  before: readonly Occurrence[],
): readonly Occurrence[] | undefined {
  const times: Occurrence[] = [];
  let later = now;
  for (const one of before.toReversed()) {
    if (later.since - one.since > longestGapMs) break;
    if (!isSameDay(one, now) || minutesApart(one, now) > toleranceMinutes) continue;
    // Twice within an hour is once.
    if (later.since - one.since > DAY / 2) times.push(one);
    later = one;
  }
  const first = times.at(-1);
  if (!first || times.length < SEEN || times.some(({ confirmed }) => confirmed)) return undefined;
  const inAll = before.filter(({ since }) => since >= first.since).length;
  return times.length >= SHARE * inAll ? times : undefined;
}

/** No graver than ever, and not much longer. */
function isNoMore({ severity, lastedMs }: Occurrence, times: readonly Occurrence[]): boolean {
  if (times.every((one) => isGraver(severity, one.severity))) return false;
  const longest = Math.max(...times.map((one) => one.lastedMs));
  return lastedMs <= Math.max(LONGER * longest, longest + MUCH_LONGER_MS);
}

/** Around midnight as well. */
function minutesApart(one: Occurrence, other: Occurrence): number {
  const apart = Math.abs(one.minuteOfDay - other.minuteOfDay);
  return Math.min(apart, DAY_MINUTES - apart);
}

/** The usual time, to a quarter of an hour: `02:00`. */
function clockTime(times: readonly Occurrence[]): string {
  const { minuteOfDay } = times[times.length >> 1]!;
  const quarter = (Math.round(minuteOfDay / 15) * 15) % DAY_MINUTES;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(quarter / 60))}:${two(quarter % 60)}`;
}
