import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paceOf } from './pace.ts';

test('each second, an anomaly takes four rows of six to open and a minute of quiet to close', () => {
  assert.deepEqual(paceOf(1), {
    persistence: { rows: 4, window: 6 },
    longestStepMs: 15_000,
    lullMs: 30_000,
    unusualSeconds: 1800,
    quietMs: 60_000,
  });
});

test('a row of a minute or more opens by itself, and ten minutes without a severity close', () => {
  for (const stepSeconds of [60, 300]) {
    const { persistence, unusualSeconds, quietMs } = paceOf(stepSeconds);
    assert.deepEqual(persistence, { rows: 1, window: 1 });
    assert.deepEqual([unusualSeconds, quietMs], [86_400, 600_000]);
  }
});

test('the window is never shorter than the rows asked for', () => {
  for (const stepSeconds of [0.1, 0.5, 2, 3, 5, 10]) {
    const { rows, window } = paceOf(stepSeconds).persistence;
    assert.ok(window >= rows && rows >= 1);
  }
});
