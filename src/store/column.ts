/**
 * One column of numbers as bytes.
 *
 *     column  = head byte | gaps? | body
 *     head    = form (bits 0-1), has gaps (bit 2), tokens are a zstd frame (bit 3)
 *     gaps    = count | lengths of runs, present and absent in turn, the first one present
 *     body    = CONSTANT  value
 *               DELTA     first value | tokens of the differences
 *               OFFSET    base | tokens of the differences from the base
 *               FLOATS    float64, little endian: values too large for their quantum
 *     tokens  = length of the zstd frame? | one byte a value | open bits (tokens.ts)
 *
 * Values are whole multiples of the column's quantum. DELTA suits what drifts, OFFSET what jitters around a level
 * (differences of white noise are larger than the noise itself); the cheaper one by the sum of their logarithms is taken.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type ByteReader, ByteWriter, unzigzag, zigzag } from './bytes.ts';
import { readSigned, writeTokens } from './tokens.ts';

/** The step of a column's values: `numerator / denominator`, one of them 1, so that 3 steps of 0.1 read as 0.3. */
export interface Quantum {
  readonly numerator: number;
  readonly denominator: number;
}

/** The quantum of a metric's `precision`, divided by `finer`. */
export function quantum(precision: number, finer = 1): Quantum {
  const step = precision / finer;
  return step < 1
    ? { numerator: 1, denominator: Math.round(1 / step) }
    : { numerator: Math.round(step), denominator: 1 };
}

const CONSTANT = 0;
const DELTA = 1;
const OFFSET = 2;
const FLOATS = 3;
const GAPS = 4;
const SQUEEZED = 8;

/** Differences of such numbers, doubled by zigzag, still fit 2^53. */
const LARGEST = 2 ** 51;
/** Below this a zstd frame's own head outweighs what it saves. */
const WORTH_SQUEEZING = 48;
/** 15 is where zstd begins to search for the cheapest parse: 4 % smaller than 3 here, for 0.2 ms a chunk. */
const LEVEL = 15;

export function squeeze(bytes: Uint8Array, level: number): Uint8Array {
  return zstdCompressSync(bytes, {
    pledgedSrcSize: bytes.length,
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_contentSizeFlag]: 0,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
}

export const expand = (bytes: Uint8Array, length: number): Uint8Array =>
  zstdDecompressSync(bytes, { chunkSize: Math.max(64, length), maxOutputLength: length });

const rest = new ByteWriter();
/** Scratch for one column at a time. */
let steps = new Float64Array(4096);
let differences = new Float64Array(4096);

/** Appends `values` (NaN is a gap) to `out`. `squeezed`: with a zstd frame of its own, for columns of long packs. */
export function writeColumn(out: ByteWriter, values: Float64Array, step: Quantum, squeezed: boolean): void {
  if (values.length > steps.length) {
    steps = new Float64Array(values.length);
    differences = new Float64Array(values.length);
  }
  const present = steps;
  let count = 0;
  let largest = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    const rounded = Math.round((value * step.denominator) / step.numerator);
    largest = Math.max(largest, Math.abs(rounded));
    present[count++] = rounded;
  }
  const gaps = count < values.length ? GAPS : 0;
  if (!(largest < LARGEST)) {
    out.byte(FLOATS | gaps);
    if (gaps) writeGaps(out, values);
    writeFloats(out, values);
    return;
  }
  const form = chooseForm(present, count);
  const base = form === OFFSET ? middle(present, count) : count > 0 ? present[0]! : 0;
  const tokens = form === CONSTANT ? undefined : tokensOf(present, count, form, base);
  const frame = squeezed && tokens && tokens.length >= WORTH_SQUEEZING ? squeeze(tokens, LEVEL) : undefined;
  const shorter = frame && tokens && frame.length < tokens.length ? frame : undefined;
  out.byte(form | gaps | (shorter ? SQUEEZED : 0));
  if (gaps) writeGaps(out, values);
  out.varint(zigzag(base));
  if (!tokens) return;
  if (shorter) out.varint(shorter.length);
  out.append(shorter ?? tokens);
  out.append(rest.view());
}

function tokensOf(present: Float64Array, count: number, form: number, base: number): Uint8Array {
  let length = 0;
  let previous = base;
  for (let index = form === DELTA ? 1 : 0; index < count; index++) {
    const value = present[index]!;
    differences[length++] = zigzag(value - previous);
    if (form === DELTA) previous = value;
  }
  rest.clear();
  return writeTokens(differences, length, rest);
}

function chooseForm(present: Float64Array, count: number): number {
  let constant = true;
  let byDelta = 0;
  let byOffset = 0;
  const base = middle(present, count);
  for (let index = 1; index < count; index++) {
    const value = present[index]!;
    const delta = Math.abs(value - present[index - 1]!);
    if (delta !== 0) constant = false;
    byDelta += Math.log2(1 + delta);
    byOffset += Math.log2(1 + Math.abs(value - base));
  }
  if (constant) return CONSTANT;
  return byDelta <= byOffset ? DELTA : OFFSET;
}

/** The level that values jitter around: the median of a sample of them. */
function middle(present: Float64Array, count: number): number {
  if (count === 0) return 0;
  const stride = Math.max(1, Math.floor(count / 64));
  const sample = new Float64Array(Math.ceil(count / stride));
  for (let index = 0; index < sample.length; index++) sample[index] = present[index * stride]!;
  sample.sort();
  return sample[sample.length >> 1]!;
}

function writeGaps(out: ByteWriter, values: Float64Array): void {
  const runs: number[] = [];
  let present = true;
  let start = 0;
  for (let index = 0; index < values.length; index++) {
    if (Number.isNaN(values[index]!) !== present) continue;
    runs.push(index - start);
    present = !present;
    start = index;
  }
  runs.push(values.length - start);
  out.varint(runs.length);
  for (const run of runs) out.varint(run);
}

function writeFloats(out: ByteWriter, values: Float64Array): void {
  const present = values.filter((value) => !Number.isNaN(value));
  const view = new DataView(new ArrayBuffer(present.length * 8));
  for (const [index, value] of present.entries()) view.setFloat64(index * 8, value, true);
  out.append(new Uint8Array(view.buffer));
}

/** The `length` values of the column that ends at `reader.end`. Throws where the bytes are damaged. */
export function readColumn(reader: ByteReader, length: number, step: Quantum): Float64Array {
  const head = reader.byte();
  const form = head & 3;
  const runs = head & GAPS ? readRuns(reader, length) : undefined;
  const count = runs ? runs.reduce((sum, run, index) => sum + (index % 2 === 0 ? run : 0), 0) : length;
  const values = form === FLOATS ? readFloats(reader, count) : readSteps(reader, count, head, step);
  return runs ? spread(values, runs, length) : values;
}

function readRuns(reader: ByteReader, length: number): number[] {
  const runs: number[] = [];
  let sum = 0;
  for (let left = reader.varint(); left > 0; left--) {
    const run = reader.varint();
    runs.push(run);
    sum += run;
    if (sum > length) break;
  }
  if (sum !== length) throw new RangeError('the gaps of a column do not sum to its length');
  return runs;
}

function readFloats(reader: ByteReader, count: number): Float64Array {
  const bytes = reader.take(count * 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float64Array.from({ length: count }, (_, index) => view.getFloat64(index * 8, true));
}

function readSteps(reader: ByteReader, count: number, head: number, step: Quantum): Float64Array {
  const form = head & 3;
  const base = unzigzag(reader.varint());
  const values = new Float64Array(count);
  const { numerator, denominator } = step;
  if (form === CONSTANT) return values.fill((base * numerator) / denominator);
  const first = form === DELTA ? 1 : 0;
  let tokens = reader.bytes;
  let start = 0;
  if (head & SQUEEZED) {
    tokens = expand(reader.take(reader.varint()), count - first);
    if (tokens.length !== count - first) throw new RangeError('a column has another length than its pack');
  } else start = reader.skip(count - first);
  readSigned(tokens, start, reader.bytes, reader.position, values, first);
  if (form === DELTA) accumulate(values, base);
  else for (let index = 0; index < count; index++) values[index] = values[index]! + base;
  if (numerator !== 1) for (let index = 0; index < count; index++) values[index] = values[index]! * numerator;
  if (denominator !== 1)
    for (let index = 0; index < count; index++) values[index] = values[index]! / denominator;
  return values;
}

function accumulate(values: Float64Array, first: number): void {
  let value = first;
  if (values.length > 0) values[0] = first;
  for (let index = 1; index < values.length; index++) {
    value += values[index]!;
    values[index] = value;
  }
}

function spread(values: Float64Array, runs: readonly number[], length: number): Float64Array {
  const wide = new Float64Array(length).fill(Number.NaN);
  let from = 0;
  let to = 0;
  for (const [index, run] of runs.entries()) {
    if (index % 2 === 0) {
      wide.set(values.subarray(from, from + run), to);
      from += run;
    }
    to += run;
  }
  return wide;
}
