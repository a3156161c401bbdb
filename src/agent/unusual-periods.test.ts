import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Anomaly } from '../model/anomaly.ts';
import type { History } from '../model/history.ts';
import type { Incident } from '../model/incident.ts';
import { unusualPeriods, unusualSince } from './unusual-periods.ts';

const MINUTE = 60_000;

const historyWith = (...anomalies: readonly Partial<Anomaly>[]): Pick<History, 'anomalies'> => ({
  anomalies: ({ from = 0, to = Number.POSITIVE_INFINITY }) =>
    (anomalies as Anomaly[]).filter(({ since, closedAt }) => since < to && (closedAt ?? to) >= from),
});

test('an anomaly is left out with the rows that lead to it and the minutes that still show it', () => {
  const history = historyWith({ kind: 'machine', since: 10 * MINUTE, closedAt: 12 * MINUTE });
  assert.deepEqual(unusualPeriods(history, undefined, { from: 0, to: 60 * MINUTE }), [
    { from: 10 * MINUTE - 15_000, to: 14 * MINUTE },
  ]);
});

test('one that ended just before the period still reaches into it, and so does one that begins just after', () => {
  const history = historyWith(
    { kind: 'machine', since: 5 * MINUTE, closedAt: 9 * MINUTE },
    { kind: 'machine', since: 20 * MINUTE + 5000 },
  );
  assert.deepEqual(unusualPeriods(history, undefined, { from: 10 * MINUTE, to: 20 * MINUTE }), [
    { from: 5 * MINUTE - 15_000, to: 11 * MINUTE },
    { from: 20 * MINUTE - 10_000, to: 20 * MINUTE },
  ]);
});

test('what one process did is no reason to leave out the machine', () => {
  const history = historyWith({ kind: 'process', since: MINUTE, closedAt: 2 * MINUTE });
  assert.deepEqual(unusualPeriods(history, undefined, { from: 0, to: 10 * MINUTE }), []);
});

const listOf = (...incidents: readonly Partial<Incident>[]) => ({ list: () => incidents as Incident[] });
const signals = (kind: Incident['kind'], id = 'a'): Incident['signals'] => [
  { id, kind, severity: 'LOW', since: 0, raisedAt: 0, sentence: '' },
];

test('an incident of the machine is left out in whole, also where only a threshold was crossed', () => {
  const incidents = listOf({ since: 10 * MINUTE, closedAt: 30 * MINUTE, signals: signals('threshold') });
  assert.deepEqual(unusualPeriods(historyWith(), incidents, { from: 0, to: 60 * MINUTE }), [
    { from: 10 * MINUTE - 15_000, to: 32 * MINUTE },
  ]);
});

test('an incident of one process is no reason to leave out the machine, unless a person confirmed it', () => {
  const one = { since: 10 * MINUTE, closedAt: 30 * MINUTE, signals: signals('process') };
  const period = { from: 0, to: 60 * MINUTE };
  assert.deepEqual(unusualPeriods(historyWith(), listOf(one), period), []);
  assert.deepEqual(unusualPeriods(historyWith(), listOf({ ...one, verdict: 'confirmed' }), period), [
    { from: 10 * MINUTE - 15_000, to: 32 * MINUTE, isReal: true },
  ]);
});

test('what a person called normal is learned', () => {
  const history = historyWith({ id: 'a', kind: 'machine', since: 10 * MINUTE, closedAt: 12 * MINUTE });
  const incidents = listOf({
    since: 10 * MINUTE,
    closedAt: 12 * MINUTE,
    verdict: 'normal',
    signals: signals('machine'),
  });
  assert.deepEqual(unusualPeriods(history, incidents, { from: 0, to: 60 * MINUTE }), []);
});

test('the machine is unusual since its youngest open incident, and of a confirmed one it never becomes usual', () => {
  const open = (parts: Partial<Incident>) =>
    ({ since: 0, signals: signals('machine'), ...parts }) as Incident;
  assert.equal(unusualSince([], 100), undefined);
  assert.equal(
    unusualSince([open({ signals: signals('process') }), open({ verdict: 'normal' })], 100),
    undefined,
  );
  assert.equal(unusualSince([open({ since: 10 }), open({ since: 20 })], 100), 20);
  assert.equal(unusualSince([open({ since: 10, verdict: 'confirmed' })], 100), 100);
});
