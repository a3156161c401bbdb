import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HistoryQuery } from '../model/history.ts';
import { plan } from './resolution.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 400 * DAY;
const all = (): number => Number.NEGATIVE_INFINITY;
const byAge = (kind: string): number =>
  NOW - (kind === 'raw' ? DAY : kind === 'minute' ? 30 * DAY : 730 * DAY);

const cases: readonly [string, Omit<HistoryQuery, 'metrics' | 'to'>, typeof byAge, string, number][] = [
  ['half an hour is shown as it was seen', { from: NOW - HOUR / 2 }, byAge, 'raw', 1],
  ['an hour in steps of 2 s', { from: NOW - HOUR }, byAge, 'raw', 2],
  ['a day in minutes', { from: NOW - DAY }, byAge, 'minute', 60],
  ['few points over a day', { from: NOW - DAY, maxPoints: 100 }, byAge, 'minute', 900],
  ['a month in half hours', { from: NOW - 30 * DAY }, byAge, 'minute', 1800],
  ['what has lost its seconds in minutes', { from: NOW - 25 * HOUR, maxPoints: 1e6 }, byAge, 'minute', 60],
  ['what has lost its minutes in hours', { from: NOW - 31 * DAY, maxPoints: 1e6 }, byAge, 'hour', 3600],
  ['what never had anything older in seconds', { from: 0, maxPoints: 1e9 }, all, 'raw', 1],
  ['a year in steps of 6 h', { from: NOW - 365 * DAY }, all, 'hour', 21_600],
  ['a resolution asked for', { from: NOW - DAY, resolution: 1 }, byAge, 'raw', 1],
  [
    'a resolution asked for, merged',
    { from: NOW - DAY, resolution: 60, maxPoints: 720 },
    byAge,
    'minute',
    120,
  ],
  ['a period that is none', { from: NOW + HOUR }, all, 'raw', 1],
];

for (const [name, query, kept, kind, seconds] of cases) {
  test(`resolution: ${name}`, () => {
    assert.deepEqual(plan({ metrics: [], to: NOW, ...query }, kept), { kind, stepMs: seconds * 1000 });
  });
}
