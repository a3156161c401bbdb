import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Incident } from '../../model/incident.ts';
import { Seasons } from './seasons.ts';
import { wallClock } from './windows.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A Monday, 02:00 in UTC. */
const FIRST = Date.UTC(2026, 10, 2, 2);

const incident = (since: number, lastedMs = 20 * MINUTE, parts: Partial<Incident> = {}): Incident => ({
  ...{ schema: 1, id: `at ${since}`, host: 'web', state: 'closed', severity: 'LOW', provisional: false },
  ...{ kind: 'machine', cause: 'process /usr/bin/backup', sentence: '', since, openedAt: since },
  ...{ updatedAt: since + lastedMs, closedAt: since + lastedMs, returns: 0, flapping: false },
  ...{ signals: [], metrics: [], culprits: [], decisions: [] },
  ...parts,
});

/** What is said of `now` after the times in `before`, in ms from the first one. */
function said(
  before: readonly number[],
  now: number,
  lastedMs?: number,
  parts: Partial<Incident> = {},
): string | undefined {
  const seasons = new Seasons(wallClock('UTC'));
  for (const after of before) seasons.observe(incident(FIRST + after));
  const one = incident(FIRST + now, lastedMs, parts);
  return seasons.expected(one, one.closedAt!);
}

const days = (...numbers: readonly number[]): number[] => numbers.map((number) => number * DAY);

const CASES: readonly {
  readonly what: string;
  readonly before: readonly number[];
  readonly now: number;
  readonly lastedMs?: number;
  readonly parts?: Partial<Incident>;
  readonly expected: RegExp | undefined;
}[] = [
  {
    what: 'seen three nights',
    before: days(0, 1, 2),
    now: 3 * DAY,
    expected: /^expected: each day about 02:00, seen 4 times$/,
  },
  { what: 'seen two nights', before: days(0, 1), now: 2 * DAY, expected: undefined },
  {
    what: 'not to the minute',
    before: [0, DAY + 20 * MINUTE, 2 * DAY - 15 * MINUTE],
    now: 3 * DAY + 5 * MINUTE,
    expected: /each day about 02:(00|15)/,
  },
  { what: 'on weekdays only', before: days(0, 1, 2, 3, 4), now: 7 * DAY, expected: /each day/ },
  { what: 'at another hour', before: days(0, 1, 2), now: 3 * DAY + 3 * HOUR, expected: undefined },
  {
    what: 'graver than ever',
    before: days(0, 1, 2),
    now: 3 * DAY,
    parts: { severity: 'HIGH' },
    expected: undefined,
  },
  { what: 'much longer', before: days(0, 1, 2), now: 3 * DAY, lastedMs: 50 * MINUTE, expected: undefined },
  {
    what: 'a little longer',
    before: days(0, 1, 2),
    now: 3 * DAY,
    lastedMs: 34 * MINUTE,
    expected: /each day/,
  },
  {
    what: 'another cause',
    before: days(0, 1, 2),
    now: 3 * DAY,
    parts: { cause: 'cpu' },
    expected: undefined,
  },
  { what: 'another host', before: days(0, 1, 2), now: 3 * DAY, parts: { host: 'db' }, expected: undefined },
  {
    what: 'each Monday',
    before: days(0, 7, 14),
    now: 21 * DAY,
    expected: /^expected: each Monday about 02:00, seen 4 times$/,
  },
  { what: 'a Monday was missed', before: days(0, 7, 21), now: 28 * DAY, expected: /each Monday/ },
  { what: 'not for a month', before: days(0, 1, 2), now: 32 * DAY, expected: undefined },
  {
    what: 'every two hours, so at 02:00 too',
    before: Array.from({ length: 48 }, (_, index) => 2 * HOUR * index),
    now: 4 * DAY,
    expected: undefined,
  },
  { what: 'three times within one night', before: [0, HOUR / 2, HOUR / 3], now: DAY, expected: undefined },
  {
    what: 'around midnight',
    before: [22 * HOUR - 5 * MINUTE, DAY + 22 * HOUR + 10 * MINUTE, 2 * DAY + 22 * HOUR - 10 * MINUTE],
    now: 3 * DAY + 22 * HOUR + 5 * MINUTE,
    expected: /each day about 00:\d\d/,
  },
];

for (const { what, before, now, lastedMs, parts, expected } of CASES)
  test(`work of a season: ${what}`, () => {
    const answer = said(before, now, lastedMs, parts);
    if (expected) assert.match(answer ?? 'nothing', expected);
    else assert.equal(answer, undefined);
  });

test('what a person confirmed as real is no work of a season', () => {
  const seasons = new Seasons(wallClock('UTC'));
  for (const day of [0, 1, 2])
    seasons.observe(incident(FIRST + day * DAY, MINUTE, day === 1 ? { verdict: 'confirmed' } : {}));
  assert.equal(seasons.expected(incident(FIRST + 3 * DAY, MINUTE), FIRST + 3 * DAY), undefined);
});

test('the hour is that of the wall clock, also when summer time ends', () => {
  const seasons = new Seasons(wallClock('Europe/Berlin'));
  const october = Date.UTC(2026, 9, 22, 1);
  for (const after of [0, DAY, 2 * DAY, 3 * DAY + HOUR]) seasons.observe(incident(october + after));
  const next = incident(october + 4 * DAY + HOUR);
  assert.match(seasons.expected(next, next.closedAt!) ?? '', /each day about 03:00, seen 5 times/);
});
