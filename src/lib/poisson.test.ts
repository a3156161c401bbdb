import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { poissonInterval } from './poisson.ts';
import { Random } from './random.ts';

/** How many events of rate 1 come in so long a time. */
function events(random: Random, time: number): number {
  const wait = (): number => -Math.log(1 - random.next());
  let count = 0;
  for (let at = wait(); at < time; at += wait()) count++;
  return count;
}

describe('the interval of a Poisson mean', () => {
  it('is as in the published tables', () => {
    const table: readonly [number, number, number][] = [
      [0, 0, 3.689],
      [1, 0.0253, 5.572],
      [2, 0.242, 7.225],
      [10, 4.795, 18.39],
      [100, 81.36, 121.6],
    ];
    for (const [count, low, high] of table) {
      const found = poissonInterval(count);
      assert.ok(Math.abs(found.low - low) <= 5e-4 * Math.max(1, low), `${count}: from ${found.low}`);
      assert.ok(Math.abs(found.high - high) <= 5e-4 * high, `${count}: to ${found.high}`);
    }
  });

  it('is found for large counts too, around the count', () => {
    const { low, high } = poissonInterval(5000);
    assert.ok(low > 4850 && low < 4870 && high > 5130 && high < 5150, `${low} to ${high}`);
  });

  it('holds the mean at least 95 times in 100', () => {
    const random = new Random(1);
    for (const mean of [0.2, 3, 20]) {
      let held = 0;
      for (let trial = 0; trial < 1000; trial++) {
        const { low, high } = poissonInterval(events(random, mean));
        if (low <= mean && mean <= high) held++;
      }
      assert.ok(held >= 940, `${held} of 1000 at ${mean}`);
    }
  });
});
