import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FrameColumns } from './answers.ts';
import { Columns } from './columns.ts';

const frame = (metric: string, at: readonly number[], mean: readonly (number | null)[]): FrameColumns => ({
  metric,
  unit: '1',
  at,
  mean,
  min: mean,
  max: mean,
});

test('a chart is a table for other programs: quoted where it must be, empty where there is nothing', () => {
  const frames = [
    { metric: 'a{b="c"}', unit: '1', at: [0, 1000], mean: [1, null], min: [0.5, null], max: [2, null] },
  ];
  assert.equal(
    new Columns(['a{b="c"}'], frames, 1).csv(),
    'time,"a{b=""c""}","a{b=""c""} min","a{b=""c""} max"\r\n1970-01-01T00:00:00.000Z,1,0.5,2\r\n1970-01-01T00:00:01.000Z,,,\r\n',
  );
});

test('points of yesterday lie over those of today, gaps and all', () => {
  const frames = [
    {
      metric: 'a',
      unit: '1',
      at: [0, 1000, 2000, 9000],
      mean: [1, 2, 3, 4],
      min: [1, 2, 3, 4],
      max: [1, 2, 3, 4],
    },
  ];
  const moved = new Columns(['a'], frames, 1).shifted(500);
  assert.deepEqual(moved.at, [500, 1500, 2500, 3500, 9500]);
  assert.deepEqual(moved.lines[0]?.mean, [1, 2, 3, null, 4]);
});

test('lines of different times share one row a moment', () => {
  const columns = new Columns(
    ['a', 'b'],
    [frame('a', [1000, 2000, 3000], [1, 2, 3]), frame('b', [2000, 3000], [5, 6])],
    1,
  );
  assert.deepEqual(columns.at, [1000, 2000, 3000]);
  assert.deepEqual(columns.lines[0]?.mean, [1, 2, 3]);
  assert.deepEqual(columns.lines[1]?.mean, [null, 5, 6]);
});

test('a hole in time becomes a row of nulls, so that the line breaks there', () => {
  const columns = new Columns(['a'], [frame('a', [1000, 2000, 9000, 10_000], [1, 2, 3, 4])], 1);
  assert.deepEqual(columns.at, [1000, 2000, 3000, 9000, 10_000]);
  assert.deepEqual(columns.lines[0]?.mean, [1, 2, null, 3, 4]);
});

test('what is collected each 5 s is no row of gaps at a step of 1 s', () => {
  const columns = new Columns(['a'], [frame('a', [0, 5000, 10_000, 15_000], [1, 2, 3, 4])], 1);
  assert.equal(columns.at.length, 4);
  columns.append(20_000, { a: 5 }, 0);
  assert.deepEqual(columns.lines[0]?.mean, [1, 2, 3, 4, 5]);
});

test('a sample that is missing in one line is a gap in that line alone', () => {
  const columns = new Columns(['a', 'b'], [frame('a', [1000], [1]), frame('b', [1000], [1])], 1);
  columns.append(2000, { a: 2 }, 0);
  assert.deepEqual(
    columns.lines.map(({ mean }) => mean),
    [
      [1, 2],
      [1, null],
    ],
  );
});

test('after a pause the live line breaks', () => {
  const columns = new Columns(['a'], [frame('a', [1000, 2000], [1, 2])], 1);
  columns.append(60_000, { a: 3 }, 0);
  assert.deepEqual(columns.lines[0]?.mean, [1, 2, null, 3]);
});

test('a sample that comes twice, or late, is not drawn twice', () => {
  const columns = new Columns(['a'], [frame('a', [1000, 2000], [1, 2])], 1);
  columns.append(2000, { a: 9 }, 0);
  columns.append(1000, { a: 9 }, 0);
  assert.deepEqual(columns.lines[0]?.mean, [1, 2]);
});

test('samples join the row of their interval where a row stands for many', () => {
  const columns = new Columns(['a'], [frame('a', [0], [4])], 60);
  columns.append(60_000, { a: 2 }, 0);
  columns.append(61_000, { a: 4 }, 0);
  columns.append(62_000, { a: 9 }, 0);
  assert.deepEqual(columns.at, [0, 60_000]);
  assert.deepEqual(
    [columns.lines[0]?.mean[1], columns.lines[0]?.min[1], columns.lines[0]?.max[1]],
    [5, 2, 9],
  );
});

test('what left the period is dropped, and one row before its edge stays', () => {
  const columns = new Columns(['a'], [], 1);
  for (let second = 0; second < 100; second++)
    columns.append(second * 1000, { a: second }, second * 1000 - 30_000);
  assert.ok(columns.at.length <= 31 + 17);
  assert.ok(columns.at[0]! < 69_000);
  assert.equal(columns.lines[0]?.mean.length, columns.at.length);
});
