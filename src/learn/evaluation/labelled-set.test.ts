import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../lib/errors.ts';
import { readLabels, readRows, readSets } from './labelled-set.ts';

const SET = {
  name: 'host-1',
  features: 2,
  train_rows: 3,
  test_rows: 2,
  per_day: 1440,
  gap: 10,
  vus_window: 30,
};

/** A folder with these files in it. */
function folderOf(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'homeostat-sets-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const meta = (...sets: readonly object[]) => ({ 'meta.json': JSON.stringify(sets) });
const floats = (...values: readonly number[]): Uint8Array => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes;
};

test('rows and labels are the same whether they are plain or compressed', (t) => {
  const [train, labels] = [floats(1, 2, 3, 4, 5, 6), Uint8Array.of(0, 1)];
  const plain = folderOf(t, { ...meta(SET), 'host-1.train.f32': train, 'host-1.label.u8': labels });
  const packed = folderOf(t, {
    ...meta(SET),
    'host-1.train.f32.gz': gzipSync(train),
    'host-1.label.u8.gz': gzipSync(labels),
  });
  for (const folder of [plain, packed]) {
    const [set] = readSets(folder);
    const { rows, columns, data, at } = readRows(folder, set!, 'train', 4);
    assert.deepEqual([rows, columns, [...data]], [3, 2, [1, 2, 3, 4, 5, 6]]);
    assert.deepEqual([...at], [240_000, 300_000, 360_000]);
    assert.deepEqual([...readLabels(folder, set!, 2)!], [0, 1]);
  }
});

test('values that are no finite numbers are missing values', (t) => {
  const folder = folderOf(t, {
    ...meta({ ...SET, train_rows: 1 }),
    'host-1.train.f32': floats(Number.POSITIVE_INFINITY, Number.NaN),
  });
  assert.deepEqual([...readRows(folder, readSets(folder)[0]!, 'train', 0).data], [Number.NaN, Number.NaN]);
});

test('what a set does not tell is undefined, not a default', (t) => {
  const folder = folderOf(t, meta({ name: 'host-1', features: 2, per_day: 288, causes: null, other: 1 }));
  const [set] = readSets(folder);
  assert.deepEqual(set, {
    name: 'host-1',
    features: 2,
    perDay: 288,
    trainRows: undefined,
    testRows: undefined,
    gap: undefined,
    vusWindow: undefined,
    causes: undefined,
  });
  assert.equal(readLabels(folder, set!, 2), undefined);
});

test('causes are columns of a span of rows', (t) => {
  const folder = folderOf(t, meta({ ...SET, causes: [[4, 9, [0, 1]]] }));
  assert.deepEqual(readSets(folder)[0]!.causes, [{ first: 4, end: 9, columns: [0, 1] }]);
});

const wrong: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
  ['no meta.json', {}, /meta\.json: cannot be read \(ENOENT\)/],
  ['what is not JSON', { 'meta.json': '[{' }, /meta\.json: not valid JSON/],
  ['no list', { 'meta.json': '{}' }, /expected a list of sets/],
  ['no sets', { 'meta.json': '[]' }, /expected a list of sets/],
  ['a set that is null', { 'meta.json': '[null]' }, /set 1 needs a 'name'/],
  ['a name that leads elsewhere', meta({ ...SET, name: '../up' }), /set 1 needs a 'name'/],
  ['a name twice', meta(SET, SET), /two sets are named 'host-1'/],
  ['no features', meta({ ...SET, features: undefined }), /set 'host-1' has no 'features'/],
  ['half a feature', meta({ ...SET, features: 1.5 }), /'features' is 1\.5; a whole number/],
  ['a rate of none', meta({ ...SET, per_day: 0 }), /'per_day' is 0; a number of 1 or more/],
  ['a gap in words', meta({ ...SET, gap: 'ten' }), /'gap' is "ten"; a number of 0 or more/],
  ['causes without columns', meta({ ...SET, causes: [[1, 2]] }), /cause 1 is not \[first row/],
];
for (const [name, files, message] of wrong)
  test(`refused: ${name}`, (t) => {
    const folder = folderOf(t, files);
    assert.throws(
      () => readSets(folder),
      (error) => error instanceof UserError && error.exitCode === 2 && message.test(error.message),
    );
  });

test('a file of another length than told is named with both', (t) => {
  const folder = folderOf(t, {
    ...meta(SET),
    'host-1.train.f32': floats(1, 2, 3),
    'host-1.test.f32.gz': 'not compressed',
    'host-1.label.u8': 'abc',
  });
  const [set] = readSets(folder);
  assert.throws(() => readRows(folder, set!, 'train', 0), /train\.f32: 12 bytes are not 3 rows of 2 float32/);
  assert.throws(() => readRows(folder, set!, 'test', 0), /test\.f32\.gz: cannot be unpacked/);
  assert.throws(() => readLabels(folder, set!, 2), /label\.u8: 3 labels for 2 test rows/);
});
