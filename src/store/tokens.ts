/**
 * Unsigned integers as one token byte each and the bits that the token leaves open.
 *
 * Up to 31 the token is the value. Above, it names the position of the highest bit and the two bits below it; the rest
 * follows, lowest bit first, in a separate stream. The tokens carry all the skew of the distribution and shrink under an
 * entropy coder; the rest is noise that no coder shortens. (The idea is that of the hybrid integers of JPEG XL,
 * ISO/IEC 18181-1 C.2.)
 */
import { type ByteWriter, unzigzag } from './bytes.ts';

const DIRECT = 32;
/** Bits of the first value that is not direct: 32 is 1 << 5. */
const FIRST = 5;
/** Bits that go through one 32-bit accumulator at a time. */
const WORD = 24;
const WORD_VALUES = 2 ** WORD;

const log2 = (value: number): number => {
  if (value < 0x8000_0000) return 31 - Math.clz32(value);
  return 31 + 31 - Math.clz32(Math.floor(value / 0x8000_0000));
};

/** Writes the open bits to `rest` and returns the tokens, one a value; `values` are integers from 0 to 2^53 - 1. */
export function writeTokens(values: Float64Array, count: number, rest: ByteWriter): Uint8Array {
  const tokens = new Uint8Array(count);
  let pending = 0;
  let have = 0;
  const bits = (value: number, length: number): void => {
    pending += value * 2 ** have;
    have += length;
    while (have >= 8) {
      rest.byte(pending % 256);
      pending = Math.floor(pending / 256);
      have -= 8;
    }
  };
  for (let index = 0; index < count; index++) {
    const value = values[index]!;
    if (value < DIRECT) {
      tokens[index] = value;
      continue;
    }
    const open = log2(value) - 2;
    const top = Math.floor(value / 2 ** open);
    tokens[index] = DIRECT + (open + 2 - FIRST) * 4 + (top - 4);
    const low = value - top * 2 ** open;
    bits(low % WORD_VALUES, Math.min(open, WORD));
    if (open > WORD) bits(Math.floor(low / WORD_VALUES), open - WORD);
  }
  if (have > 0) rest.byte(pending);
  return tokens;
}

/**
 * The values behind the tokens that begin at `start`, each taken as a zigzag integer (bytes.ts), from `into[first]` on.
 * `rest` holds the open bits from `position` on. The hot loop of every query: it makes no objects, and what fits 31 bits
 * is decoded without leaving integer arithmetic.
 */
export function readSigned(
  tokens: Uint8Array,
  start: number,
  rest: Uint8Array,
  position: number,
  into: Float64Array,
  first: number,
): void {
  let next = position;
  let pending = 0;
  let have = 0;
  const shift = start - first;
  for (let index = first; index < into.length; index++) {
    const token = tokens[index + shift]!;
    if (token < DIRECT) {
      into[index] = (token >>> 1) ^ -(token & 1);
      continue;
    }
    const open = FIRST - 2 + ((token - DIRECT) >> 2);
    const length = open > WORD ? WORD : open;
    while (have < length) {
      pending |= rest[next++]! << have;
      have += 8;
    }
    const low = pending & ((1 << length) - 1);
    pending >>>= length;
    have -= length;
    const top = 4 + (token & 3);
    if (open <= WORD) {
      const value = (top << open) | low;
      into[index] = (value >>> 1) ^ -(value & 1);
      continue;
    }
    while (have < open - WORD) {
      pending |= rest[next++]! << have;
      have += 8;
    }
    const middle = pending & ((1 << (open - WORD)) - 1);
    pending >>>= open - WORD;
    have -= open - WORD;
    into[index] = unzigzag(top * 2 ** open + middle * WORD_VALUES + low);
  }
  if (next > rest.length) throw new RangeError('the open bits of a column end too early');
}
