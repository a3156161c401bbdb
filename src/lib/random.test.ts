import assert from 'node:assert/strict';
import { it } from 'node:test';
import { quantile, sortFinite } from './quantile.ts';
import { Random } from './random.ts';

it('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 5 }, () => random.next());
  };
  assert.deepEqual(draw(1), draw(1));
  assert.notDeepEqual(draw(1), draw(2));
  assert.notDeepEqual(draw(1), draw(1 + 2 ** 40));
});

it('numbers are spread evenly, and normal ones have mean 0 and deviation 1', () => {
  const random = new Random(7);
  const counts = new Int32Array(10);
  for (let index = 0; index < 100_000; index++) counts[random.below(10)]!++;
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 400, `${count}`);
  let sum = 0;
  let squares = 0;
  for (let index = 0; index < 100_000; index++) {
    const value = random.normal();
    sum += value;
    squares += value * value;
  }
  assert.ok(Math.abs(sum / 100_000) < 0.01);
  assert.ok(Math.abs(squares / 100_000 - 1) < 0.02);
});

it('shuffling keeps every item and changes the order', () => {
  const items = Int32Array.from({ length: 100 }, (_, index) => index);
  new Random(3).shuffle(items);
  assert.notDeepEqual([...items.slice(0, 5)], [0, 1, 2, 3, 4]);
  assert.deepEqual(
    [...items].sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, index) => index),
  );
});

it('quantiles interpolate between neighbours and leave out what is not a number', () => {
  const sorted = sortFinite([3, Number.NaN, 1, 2, Number.POSITIVE_INFINITY, 4]);
  assert.deepEqual(
    [0, 0.5, 1].map((share) => quantile(sorted, share)),
    [1, 2.5, 4],
  );
  assert.ok(Number.isNaN(quantile([], 0.5)));
});
