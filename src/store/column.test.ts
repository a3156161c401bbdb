import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter } from './bytes.ts';
import { type Quantum, quantum, readColumn, writeColumn } from './column.ts';

function thereAndBack(values: Float64Array, step: Quantum, squeezed: boolean): Float64Array {
  const out = new ByteWriter();
  writeColumn(out, values, step, squeezed);
  return readColumn(new ByteReader(out.view().slice()), values.length, step);
}

const near = (got: number, wanted: number, half: number): boolean =>
  Number.isNaN(wanted) ? Number.isNaN(got) : Math.abs(got - wanted) <= half * (1 + 1e-9);

const anyValues = fc.array(
  fc.oneof(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.integer({ min: 0, max: 200 }),
    fc.constant(Number.NaN),
    fc.constant(0),
    fc.integer({ min: 0, max: 2 ** 50 }),
  ),
  { maxLength: 200 },
);

test('what is read is what was written, to half a quantum, gaps included', () => {
  const steps = [1, 0.1, 1e-4, 1e-5, 512, 4096, 1e6];
  fc.assert(
    fc.property(anyValues, fc.constantFrom(...steps), fc.boolean(), (list, precision, squeezed) => {
      const values = Float64Array.from(list);
      const read = thereAndBack(values, quantum(precision), squeezed);
      assert.equal(read.length, values.length);
      for (const [index, wanted] of values.entries()) {
        assert.ok(near(read[index]!, wanted, precision / 2 + Math.abs(wanted) * 2 ** -52), `${index}`);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('values too large for their quantum are kept as they are', () => {
  const values = Float64Array.of(0.1, Number.NaN, 1e300, -1e300, 2 ** 63, 3);
  assert.deepEqual(thereAndBack(values, quantum(1e-4), false), values);
});

test('a decimal quantum gives decimal values: 3 steps of 0.1 are 0.3', () => {
  assert.deepEqual([...thereAndBack(Float64Array.of(0.3, 0.7, 1.1), quantum(0.1), false)], [0.3, 0.7, 1.1]);
});

test('every width of difference up to the largest survives', () => {
  const values = new Float64Array(102);
  for (let bit = 0; bit < 51; bit++) {
    values[2 * bit] = 2 ** bit - 1;
    values[2 * bit + 1] = -(2 ** bit - 1);
  }
  assert.deepEqual(
    thereAndBack(values, quantum(1), false),
    values.map((value) => value + 0),
  );
});

test('an hour of a constant costs bytes, not kilobytes; an hour of noise about its entropy', () => {
  const size = (values: Float64Array): number => {
    const out = new ByteWriter();
    writeColumn(out, values, quantum(1), true);
    return out.length;
  };
  assert.ok(size(new Float64Array(3600).fill(42)) < 8);
  let seed = 7;
  const noise = Float64Array.from({ length: 3600 }, () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (seed >> 12) % 1024;
  });
  assert.ok(size(noise) < (3600 * 10.6) / 8, `${size(noise)} bytes for 10 bits each`);
});

test('damaged bytes throw, or give as many numbers, but never hang', () => {
  const out = new ByteWriter();
  writeColumn(
    out,
    Float64Array.from({ length: 300 }, (_, index) => (index * 7919) % 1000),
    quantum(1),
    true,
  );
  const good = out.view().slice();
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (position, flip) => {
      const bytes = good.slice();
      bytes[position]! ^= flip;
      try {
        assert.equal(readColumn(new ByteReader(bytes), 300, quantum(1)).length, 300);
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof assert.AssertionError));
      }
    }),
    { seed: 2, numRuns: 500 },
  );
});
