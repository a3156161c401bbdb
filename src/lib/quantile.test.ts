import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { select } from './quantile.ts';

it('selects what sorting would put at a place, ties and infinities included', () => {
  const value = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.float({ noNaN: true }),
    fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), fc.nat(), (items, any) => {
      const values = Float32Array.from(items, (one) => one + 0);
      const place = any % values.length;
      const sorted = values.slice().sort();
      assert.equal(select(values, place) + 0, sorted[place]! + 0);
      assert.ok(values.subarray(0, place).every((one) => one <= sorted[place]!));
      assert.ok(values.subarray(place).every((one) => one >= sorted[place]!));
    }),
    { seed: 3, numRuns: 300 },
  );
});
