import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Anomaly } from '../model/anomaly.ts';
import type { History } from '../model/history.ts';
import { unusualPeriods } from './unusual-periods.ts';

const MINUTE = 60_000;

const historyWith = (...anomalies: readonly Partial<Anomaly>[]): Pick<History, 'anomalies'> => ({
  anomalies: ({ from = 0, to = Number.POSITIVE_INFINITY }) =>
    (anomalies as Anomaly[]).filter(({ since, closedAt }) => since < to && (closedAt ?? to) >= from),
});

test('an anomaly is left out with the rows that lead to it and the minutes that still show it', () => {
  const history = historyWith({ kind: 'machine', since: 10 * MINUTE, closedAt: 12 * MINUTE });
  assert.deepEqual(unusualPeriods(history, { from: 0, to: 60 * MINUTE }), [
    { from: 10 * MINUTE - 15_000, to: 14 * MINUTE },
  ]);
});

test('one that ended just before the period still reaches into it, and so does one that begins just after', () => {
  const history = historyWith(
    { kind: 'machine', since: 5 * MINUTE, closedAt: 9 * MINUTE },
    { kind: 'machine', since: 20 * MINUTE + 5000 },
  );
  assert.deepEqual(unusualPeriods(history, { from: 10 * MINUTE, to: 20 * MINUTE }), [
    { from: 5 * MINUTE - 15_000, to: 11 * MINUTE },
    { from: 20 * MINUTE - 10_000, to: 20 * MINUTE },
  ]);
});

test('what one process did is no reason to leave out the machine', () => {
  const history = historyWith({ kind: 'process', since: MINUTE, closedAt: 2 * MINUTE });
  assert.deepEqual(unusualPeriods(history, { from: 0, to: 10 * MINUTE }), []);
});
