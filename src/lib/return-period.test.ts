import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { excursions } from './excess.ts';
import { Random } from './random.ts';
import { fitReturnPeriods, levelOf, returnPeriod } from './return-period.ts';

const HOUR = 3600;
const YEAR = 365 * 24 * HOUR;
const PRIOR = { scale: 0.4, count: 1 };

/** A signal with normal noise and a memory of `memory` from one sample to the next. */
function signal(count: number, memory: number, seed: number): Float64Array {
  const random = new Random(seed);
  const fresh = Math.sqrt(1 - memory ** 2);
  let value = 0;
  return Float64Array.from({ length: count }, () => {
    value = memory * value + fresh * random.normal();
    return value;
  });
}

describe('return periods', () => {
  for (const [name, memory] of [
    ['independent samples', 0],
    ['samples that repeat their neighbours', 0.95],
  ] as const) {
    it(`an excursion that is expected once an hour comes about once an hour: ${name}`, () => {
      const periods = fitReturnPeriods(signal(6 * HOUR, memory, 1), 1, 30, PRIOR, YEAR);
      const level = levelOf(periods, HOUR);
      const hours = 200;
      const count = excursions(signal(hours * HOUR, memory, 2), level, 30).length;
      // Careful, never careless: a normal tail is shorter than the exponential one that is assumed.
      assert.ok(count <= hours * 1.5, `${count} in ${hours} hours`);
      assert.ok(count >= hours / 10, `${count} in ${hours} hours`);
    });
  }

  it('knows the level of a period and the period of a level', () => {
    const periods = fitReturnPeriods(signal(HOUR, 0.5, 3), 1, 30, PRIOR, YEAR);
    assert.ok(Math.abs(returnPeriod(periods, levelOf(periods, 86_400)) / 86_400 - 1) < 1e-9);
  });

  it('calls common what is usual, and a short look calls less rare than a long one', () => {
    const long = fitReturnPeriods(signal(24 * HOUR, 0.5, 4), 1, 30, PRIOR, YEAR);
    const short = fitReturnPeriods(signal(200, 0.5, 4), 1, 30, PRIOR, YEAR);
    assert.ok(returnPeriod(long, 0) < 60, `${returnPeriod(long, 0)}`);
    assert.ok(returnPeriod(short, 6) < returnPeriod(long, 6));
  });

  it('calls nothing rarer than it may', () => {
    const periods = fitReturnPeriods(signal(HOUR, 0.5, 3), 1, 30, PRIOR, 7 * HOUR);
    assert.equal(returnPeriod(periods, 1000), 7 * HOUR);
  });

  it('counts neighbouring peaks once, by their highest', () => {
    assert.deepEqual(excursions(Float64Array.of(0, 5, 0, 7, 0, 0, 0, 6), 1, 2), [7, 6]);
  });
});
