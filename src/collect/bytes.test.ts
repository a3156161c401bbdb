import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  nextLine,
  readDecimal,
  readInt,
  readToken,
  readUint,
  skipTokens,
  startsWith,
  tokenEnd,
} from './bytes.ts';

const bytes = (text: string): Buffer => Buffer.from(`${text}\0stale 123`);

test('numbers are read up to the first byte that is no digit', () => {
  assert.equal(readUint(bytes('4711 kB'), 0), 4711);
  assert.equal(readUint(bytes('0'), 0), 0);
  assert.ok(Number.isNaN(readUint(bytes('kB'), 0)));
  assert.ok(Number.isNaN(readUint(bytes(''), 0)));
  assert.ok(Number.isNaN(readUint(Buffer.alloc(0), 0)));
  assert.equal(readInt(bytes('-5000\n'), 0), -5000);
  assert.ok(Number.isNaN(readInt(bytes('-'), 0)));
});

test('every whole number that a double holds is read exactly, in any text', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.constantFrom(' ', '\n', '', '\t'), (number, after) => {
      assert.equal(readUint(bytes(`${number}${after}`), 0), number);
    }),
    { seed: 1 },
  );
});

test('numbers above 2^53 are read to within four roundings of a double, and never in the wrong order', () => {
  assert.equal(readUint(bytes('18446744073709551615'), 0), 2 ** 64);
  const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(uint64, uint64, (one, other) => {
      const [low, high] = one < other ? [one, other] : [other, one];
      assert.ok(readUint(bytes(String(low)), 0) <= readUint(bytes(String(high)), 0));
      assert.ok(Math.abs(readUint(bytes(String(high)), 0) - Number(high)) <= 4 * 2 ** (64 - 53));
    }),
    { seed: 1 },
  );
});

test('fractions are what JavaScript itself makes of them', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(99), (whole, part) => {
      const text = `${whole}.${String(part).padStart(2, '0')}`;
      assert.equal(readDecimal(bytes(`${text} 1/2`), 0), Number(text));
    }),
    { seed: 1 },
  );
  assert.equal(readDecimal(bytes('7'), 0), 7);
  assert.equal(readDecimal(bytes('7.'), 0), 7);
});

test('tokens and lines end at the end of what was read, not in what was there before', () => {
  const buffer = bytes('cpu  1 2\nlast  line');
  assert.equal(readToken(buffer, 0), 'cpu');
  assert.equal(readUint(buffer, skipTokens(buffer, 0, 2)), 2);
  assert.equal(buffer[skipTokens(buffer, 0, 9)], 10, 'a line is not left');
  const line = nextLine(buffer, 0);
  assert.equal(readToken(buffer, line), 'last');
  assert.equal(buffer[nextLine(buffer, line)], 0);
  assert.equal(tokenEnd(buffer, buffer.indexOf(0)), buffer.indexOf(0));
  assert.ok(startsWith(buffer, 0, Buffer.from('cpu ')));
  assert.ok(!startsWith(buffer, line, Buffer.from('last  line 1')));
});
