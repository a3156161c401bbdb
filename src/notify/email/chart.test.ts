import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { drawChart, scaleOf } from './chart.ts';

const MINUTE = 60_000;

/** Half an hour at 3 of 100, then ten minutes at 97. */
const points = Array.from({ length: 41 }, (_, n) => [n * MINUTE, n < 30 ? 0.03 : 0.97] as const);
const input = { points, low: 0.01, high: 0.06, most: 1, since: 30 * MINUTE, until: 40 * MINUTE };

/** The colour's number at a share of the width and of the height, from above. */
function reader(png: Buffer): (x: number, y: number) => number {
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const at = png.indexOf('IDAT');
  const lines = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
  return (x, y) => lines[Math.round(y * (height - 1)) * (width + 1) + 1 + Math.round(x * (width - 1))]!;
}

const [PAPER, USUAL, UNUSUAL, BOTH, SEEN] = [0, 1, 2, 3, 4];

test('the line lies over the band of what is usual, and the incident is shaded', () => {
  const at = reader(drawChart(input));
  assert.equal(at(0.4, 0.5), PAPER);
  assert.equal(at(0.4, 0.934), USUAL);
  assert.equal(at(0.4, 0.954), SEEN);
  assert.equal(at(0.9, 0.046), SEEN);
  assert.equal(at(0.9, 0.5), UNUSUAL);
  assert.equal(at(0.9, 0.954), BOTH);
});

test('a line along the edge is seen whole', () => {
  const at = reader(drawChart({ ...input, points: points.map(([time]) => [time, 1] as const) }));
  for (const y of [0.01, 0.015, 0.02]) assert.equal(at(0.4, y), SEEN, `${y}`);
});

test('the axis has room for all that is seen and expected, and no more than there can be', () => {
  assert.deepEqual(scaleOf(input), { bottom: 0, top: 1 });
  const bytes = scaleOf({
    ...input,
    points: [[0, 5e9]],
    low: 1e9,
    high: 2e9,
    most: Number.POSITIVE_INFINITY,
  });
  assert.ok(bytes.bottom < 1e9 && bytes.bottom > 0 && bytes.top > 5e9 && bytes.top < 5.5e9);
  assert.ok(scaleOf({ ...input, points: [[0, 1.2]] }).top > 1.2, 'what is more than all is shown too');
});

test('what is flat, single, or outside of the shaded time is drawn all the same', () => {
  const flat = [
    [0, 5],
    [MINUTE, 5],
  ] as const;
  for (const over of [
    { points: flat, low: 5, high: 5 },
    { points: [[0, 0]] as const, low: 0, high: 0 },
    { points: flat, since: -MINUTE, until: -1 },
    { points: flat, since: 5 * MINUTE, until: 9 * MINUTE },
    { points: flat, low: -10, high: -5 },
  ])
    assert.ok(drawChart({ ...input, ...over }).length > 200, JSON.stringify(over));
});
