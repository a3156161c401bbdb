import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DecayedHistogram } from './decayed-histogram.ts';

const SCALE = { least: 0.001, factor: 1.2, bins: 120 };

test('a quantile is right to within a bin', () => {
  const values = fc.array(fc.double({ min: 0.002, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (seen, share) => {
      const histogram = new DecayedHistogram(SCALE);
      for (const value of seen) histogram.add(value);
      const exact = seen.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * seen.length - 1e-9) - 1)]!;
      const told = histogram.quantile(share);
      assert.ok(
        told >= exact * (1 - 1e-9) && told <= exact * SCALE.factor * (1 + 1e-9),
        `${told} for ${exact}`,
      );
    }),
    { seed: 1 },
  );
});

test('what was seen long ago is outweighed by what is seen now', () => {
  const histogram = new DecayedHistogram(SCALE);
  for (let index = 0; index < 1000; index++) histogram.add(1);
  histogram.decay(0.01);
  for (let index = 0; index < 90; index++) histogram.add(100);
  assert.ok(Math.abs(histogram.total() - 100) < 1e-3);
  assert.ok(histogram.quantile(0.5) > 99);
  assert.ok(histogram.quantile(0.05) < 1.3);
  for (let index = 0; index < 5; index++) histogram.decay(0.01);
  assert.equal(histogram.total(), 0);
});

test('it is the same after it was written down and read', () => {
  const histogram = new DecayedHistogram(SCALE);
  for (const value of [0, 0.5, 0.5, 3, 1e9]) histogram.add(value);
  const copy = new DecayedHistogram(SCALE, histogram.counts());
  assert.deepEqual(copy.counts(), histogram.counts());
  assert.equal(copy.total(), 5);
  assert.equal(copy.quantile(0.2), 0);
  assert.deepEqual(copy.above(1).weight, 2);
});

test('nothing seen has no quantile, and bins that are none are refused', () => {
  assert.ok(Number.isNaN(new DecayedHistogram(SCALE).quantile(0.5)));
  assert.throws(() => new DecayedHistogram(SCALE, [[500, 1]]), RangeError);
});
