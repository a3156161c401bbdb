import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from './random.ts';
import { digitsOf, fitTail, valueAt } from './tail.ts';

const PRIOR = { scale: 0.1, count: 1 };

const exponential = (count: number, seed: number): Float64Array => {
  const random = new Random(seed);
  return Float64Array.from({ length: count }, () => -Math.log(1 - random.next()));
};

describe('a learned tail', () => {
  const tail = fitTail(exponential(20_000, 1), 1, PRIOR);

  it('reads inside what was seen off the ranks', () => {
    for (const digits of [0.5, 1, 1.5]) {
      assert.ok(Math.abs(digitsOf(tail, digits * Math.LN10) - digits) < 0.05);
    }
  });

  it('goes on beyond what was seen, a little on the careful side', () => {
    const digits = digitsOf(tail, 8 * Math.LN10);
    assert.ok(digits < 8 && digits > 7, `${digits}`);
  });

  it('rises with the value everywhere', () => {
    let before = -1;
    for (let value = 0.02; value < 30; value += 0.01) {
      const digits = digitsOf(tail, value);
      assert.ok(digits > before, `at ${value}`);
      before = digits;
    }
  });

  it('gives the value of so many digits back, inside and beyond what was seen', () => {
    for (let digits = 0.1; digits < 9; digits += 0.1)
      assert.ok(Math.abs(digitsOf(tail, valueAt(tail, digits)) - digits) < 1e-9, `${digits}`);
    assert.equal(valueAt(tail, 0), tail.values[0]);
    assert.equal(valueAt({ values: [3], digits: [0], scale: 2 }, 1), 3 + 2 * Math.LN10);
  });

  it('is longer where fewer values were independent', () => {
    const few = fitTail(exponential(20_000, 1), 200, PRIOR);
    assert.ok(few.scale > tail.scale);
  });

  it('says nothing of the usual: the lowest value, no value, and what never varied', () => {
    assert.equal(digitsOf(tail, 0), 0);
    assert.equal(digitsOf(tail, Number.NaN), 0);
    assert.equal(digitsOf(fitTail(new Float64Array(), 1, PRIOR), 5), 0);
    const constant = fitTail(new Float64Array(50).fill(3), 1, PRIOR);
    assert.equal(digitsOf(constant, 3), 0);
    assert.ok(digitsOf(constant, 4) > 1);
  });
});
