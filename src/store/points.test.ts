import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { align, type Points, rollUp, select, union } from './points.ts';

const points = (pairs: readonly (readonly [number, number])[]): Points => ({
  at: Float64Array.from(pairs, ([at]) => at),
  columns: [Float64Array.from(pairs, ([, value]) => value)],
});

const pairs = ({ at, columns }: Points): [number, number][] =>
  Array.from(at, (moment, index) => [moment, columns[0]![index]!]);

const anyPiece = fc
  .dictionary(fc.nat(40).map(String), fc.integer({ min: -9, max: 9 }), { maxKeys: 12 })
  .map((moments) =>
    Object.entries(moments)
      .map(([at, value]): [number, number] => [Number(at), value])
      .sort(([a], [b]) => a - b),
  );

test('a union is in order, has each moment once, and believes the later piece', () => {
  fc.assert(
    fc.property(fc.array(anyPiece, { maxLength: 6 }), (pieces) => {
      const wanted = new Map(pieces.flat());
      const merged = union(pieces.map(points));
      assert.deepEqual(
        pairs(merged),
        [...wanted].sort(([a], [b]) => a - b),
      );
    }),
    { seed: 3 },
  );
});

test('a selection has its beginning, not its end, and no gaps', () => {
  const some = points([
    [1, 10],
    [2, Number.NaN],
    [3, 30],
    [4, 40],
  ]);
  assert.deepEqual(pairs(select(some, 1, 4)), [
    [1, 10],
    [3, 30],
  ]);
  assert.deepEqual(pairs(select(some, 5, 9)), []);
});

test('a step has the mean, the minimum and the maximum of its points, and its own beginning', () => {
  const { at, columns } = rollUp(
    points([
      [61_000, 1],
      [62_500, 5],
      [119_999, 3],
      [120_000, 7],
    ]),
    60_000,
  );
  assert.deepEqual([...at], [60_000, 120_000]);
  assert.deepEqual(
    columns.map((column) => [...column]),
    [
      [3, 7],
      [1, 7],
      [5, 7],
    ],
  );
});

test('steps of steps keep the extremes', () => {
  // 64 points a step: their means are exact in binary.
  const raw = points(Array.from({ length: 640 }, (_, second) => [second * 1000, (second * 37) % 101]));
  const twice = rollUp(rollUp(raw, 64_000), 640_000);
  const once = rollUp(raw, 640_000);
  assert.deepEqual(twice, once);
});

test('series with moments of their own are aligned, with gaps', () => {
  const a = points([
    [1, 1],
    [3, 3],
  ]);
  const b = points([
    [2, 2],
    [3, 4],
  ]);
  const { at, columns } = align([a, b]);
  assert.deepEqual([...at], [1, 2, 3]);
  assert.deepEqual(
    columns.map(([column]) => [...column!]),
    [
      [1, Number.NaN, 3],
      [Number.NaN, 2, 4],
    ],
  );
});
