import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { quantize } from './quantize.ts';

const weights = fc
  .array(fc.float({ noNaN: true, min: -1000, max: 1000 }), { minLength: 12, maxLength: 12 })
  .map((values) => Float32Array.from(values));

describe('quantized weights', () => {
  it('are off by half a step of their own channel at most, whatever the other channels hold', () => {
    fc.assert(
      fc.property(weights, (original) => {
        const rounded = quantize(original, 3, 'int8');
        assert.ok(rounded.type === 'int8');
        for (const [index, weight] of original.entries()) {
          const scale = rounded.scales[Math.floor(index / 4)]!;
          assert.ok(Math.abs(rounded.values[index]! * scale - weight) <= scale * 0.5001 + 1e-30);
        }
      }),
    );
  });

  it('stay 0 in a channel that is all 0, with a scale that runtimes accept', () => {
    const rounded = quantize(new Float32Array(4), 2, 'int8');
    assert.ok(rounded.type === 'int8');
    assert.deepEqual([...rounded.values, ...rounded.scales], [0, 0, 0, 0, 1, 1]);
  });
});
