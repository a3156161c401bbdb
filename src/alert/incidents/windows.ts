import type { Incident, SignalKind } from '../../model/incident.ts';

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A time in which people are told less: each week, or once. */
export interface Window {
  readonly name?: string;
  /** Where `from` and `to` are times: the days on which it begins; left out: each day. */
  readonly days?: readonly Weekday[];
  /** Both a local time, `22:00`, where `to` at or before `from` is on the next day; or both a local date and time, `2026-12-24T18:00`. */
  readonly from: string;
  readonly to: string;
  /** Left out: all. */
  readonly hosts?: readonly string[];
  readonly kinds?: readonly SignalKind[];
}

/** A moment as a wall clock shows it. */
interface LocalTime {
  /** 2026-12-24 */
  readonly date: string;
  /** 18:00 */
  readonly time: string;
  /** 0 is Sunday. */
  readonly weekday: number;
}

/** ms since the epoch -> what a wall clock of some time zone shows. */
export type WallClock = (at: number) => LocalTime;

/** The wall clock of a time zone (`Europe/Berlin`); of this machine's where none is named. Throws RangeError where there is no such zone. */
export function wallClock(timeZone?: string): WallClock {
  const format = new Intl.DateTimeFormat('sv', {
    ...(timeZone !== undefined && { timeZone }),
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
  });
  return (at) => {
    const [date = '', time = ''] = format.format(at).split(' ');
    return { date, time, weekday: new Date(`${date}T00:00Z`).getUTCDay() };
  };
}

/** The first of the windows that holds for an incident now. */
export function windowNow(
  windows: readonly Window[],
  { host, kind }: Pick<Incident, 'host' | 'kind'>,
  now: LocalTime,
  isHost: (host: string, named: string) => boolean,
): Window | undefined {
  return windows.find(
    (window) =>
      (!window.hosts || window.hosts.some((named) => isHost(host, named))) &&
      (!window.kinds || window.kinds.includes(kind)) &&
      isIn(window, now),
  );
}

function isIn({ days, from, to }: Window, { date, time, weekday }: LocalTime): boolean {
  if (from.includes('T')) {
    const now = `${date}T${time}`;
    return from <= now && now < to;
  }
  const begins = (day: number): boolean => !days || days.includes(WEEKDAYS[(day + 7) % 7]!);
  if (from < to) return begins(weekday) && from <= time && time < to;
  return (begins(weekday) && from <= time) || (begins(weekday - 1) && time < to);
}
