import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DistinctCount } from './distinct.ts';

test('few texts are counted exactly, each once', () => {
  const distinct = new DistinctCount(100);
  for (let round = 0; round < 3; round++) for (let n = 0; n < 100; n++) distinct.add(`text ${n}`);
  assert.deepEqual([distinct.count(), distinct.isExact()], [100, true]);
});

test('many are estimated within three standard errors, also where they differ in one character', () => {
  for (const many of [1000, 20_000, 60_000, 300_000]) {
    const distinct = new DistinctCount(100);
    for (let n = 0; n < many; n++) distinct.add(`host ${n}`);
    assert.equal(distinct.isExact(), false);
    assert.ok(Math.abs(distinct.count() / many - 1) < 0.025, `${distinct.count()} for ${many}`);
  }
});
