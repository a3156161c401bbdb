import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { errorCode, errorMessage, UserError } from '../../lib/errors.ts';
import type { Matrix } from '../../model/matrix.ts';

/**
 * A folder of labelled sets: `meta.json`, a list of objects, and for each of them `NAME.train.f32`, `NAME.test.f32`
 * (little-endian float32, row-major) and `NAME.label.u8` (a byte a test row, 0 for usual), each plain or with `.gz`.
 */
export interface LabelledSet {
  readonly name: string;
  /** Columns of a row. */
  readonly features: number;
  /** Rows a day. */
  readonly perDay: number;
  /** Where it is told, the files must have so many. */
  readonly trainRows: number | undefined;
  readonly testRows: number | undefined;
  /** Flags so many rows apart are one alarm, and alarms so near a segment are not false; undefined: no events are counted. */
  readonly gap: number | undefined;
  /** The widest buffer of VUS-PR, rows; undefined: it is not measured. */
  readonly vusWindow: number | undefined;
  readonly causes: readonly Cause[] | undefined;
}

/** Columns that somebody named as the cause of what is labelled from `first` on, up to before `end`. */
export interface Cause {
  readonly first: number;
  readonly end: number;
  readonly columns: readonly number[];
}

const META = 'meta.json';

/** The sets of `folder` that `meta.json` names. Throws a UserError that names the file, the set and the field. */
export function readSets(folder: string): readonly LabelledSet[] {
  const path = join(folder, META);
  const said = parse(path, readPlain(path).toString('utf8'));
  if (!Array.isArray(said) || said.length === 0)
    throw new UserError(`${path}: expected a list of sets with a name each`);
  const sets = said.map((one: unknown, index) => setOf(path, index, one));
  const twice = sets.find(({ name }, index) => sets.findIndex((other) => other.name === name) !== index);
  if (twice)
    throw new UserError(`${path}: two sets are named '${twice.name}'; give one of them another name`);
  return sets;
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path}: not valid JSON (${errorMessage(error)})`);
  }
}

/** A name becomes part of file names: it must not lead out of a folder. */
const NAME = /^[^/\\\0]+$/;

function setOf(path: string, index: number, said: unknown): LabelledSet {
  const fields = (typeof said === 'object' && said !== null ? said : {}) as Record<string, unknown>;
  const { name } = fields;
  if (typeof name !== 'string' || !NAME.test(name) || name.startsWith('.'))
    throw new UserError(`${path}: set ${index + 1} needs a 'name' that can be part of a file name`);
  const number = (field: string, least: number): number | undefined => {
    const value = fields[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && value >= least && Number.isFinite(value)) return value;
    throw new UserError(
      `${path}: set '${name}': '${field}' is ${JSON.stringify(value)}; a number of ${least} or more is needed`,
    );
  };
  const needed = (field: string, least: number): number => {
    const value = number(field, least);
    if (value !== undefined) return value;
    throw new UserError(`${path}: set '${name}' has no '${field}'`);
  };
  return {
    name,
    features: whole(path, name, 'features', needed('features', 1)),
    perDay: needed('per_day', 1),
    trainRows: number('train_rows', 1),
    testRows: number('test_rows', 0),
    gap: number('gap', 0),
    vusWindow: number('vus_window', 0),
    causes: causesOf(path, name, fields.causes),
  };
}

function whole(path: string, name: string, field: string, value: number): number {
  if (Number.isInteger(value)) return value;
  throw new UserError(`${path}: set '${name}': '${field}' is ${value}; a whole number is needed`);
}

function causesOf(path: string, name: string, said: unknown): readonly Cause[] | undefined {
  if (said === undefined || said === null) return undefined;
  const isRow = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value);
  if (!Array.isArray(said)) throw new UserError(`${path}: set '${name}': 'causes' is not a list`);
  return said.map((one: unknown, index): Cause => {
    const [first, end, columns]: unknown[] = Array.isArray(one) ? one : [];
    if (isRow(first) && isRow(end) && Array.isArray(columns) && columns.every(isRow))
      return { first, end, columns };
    throw new UserError(
      `${path}: set '${name}': cause ${index + 1} is not [first row, row after the last, [columns]]`,
    );
  });
}

/** The rows of one part, the first of them `firstRow` steps after the epoch; NaN for what is no finite number. Throws a UserError. */
export function readRows(
  folder: string,
  { name, features, perDay, ...set }: LabelledSet,
  part: 'train' | 'test',
  firstRow: number,
): Matrix {
  const file = join(folder, `${name}.${part}.f32`);
  const bytes = readEither(file);
  const rows = bytes.length / (4 * features);
  const told = part === 'train' ? set.trainRows : set.testRows;
  if (!Number.isInteger(rows) || (told !== undefined && rows !== told))
    throw new UserError(
      `${file}: ${bytes.length} bytes are not ${told ?? 'whole'} rows of ${features} float32 each, as ${META} says`,
    );
  const data = new Float32Array(rows * features);
  for (let index = 0; index < data.length; index++) {
    const value = bytes.readFloatLE(index * 4);
    data[index] = Number.isFinite(value) ? value : Number.NaN;
  }
  const stepMs = 86_400_000 / perDay;
  const at = Float64Array.from({ length: rows }, (_, row) => (firstRow + row) * stepMs);
  return { rows, columns: features, data, at };
}

/** One byte a test row, or undefined where the set has no labels. Throws a UserError. */
export function readLabels(folder: string, { name }: LabelledSet, rows: number): Uint8Array | undefined {
  const file = join(folder, `${name}.label.u8`);
  if (!existsSync(file) && !existsSync(`${file}.gz`)) return undefined;
  const labels = new Uint8Array(readEither(file));
  if (labels.length === rows) return labels;
  throw new UserError(`${file}: ${labels.length} labels for ${rows} test rows`);
}

/** `path.gz` where there is one, else `path`. */
function readEither(path: string): Buffer {
  if (!existsSync(`${path}.gz`)) return readPlain(path);
  try {
    return gunzipSync(readPlain(`${path}.gz`));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}.gz: cannot be unpacked (${errorMessage(error)})`);
  }
}

function readPlain(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UserError(`${path}: cannot be read (${errorCode(error) ?? errorMessage(error)})`);
  }
}
