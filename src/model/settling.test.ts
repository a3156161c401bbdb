import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Settling } from './settling.ts';

const rows = (settling: Settling, from: number, to: number): number[] => {
  const settled: number[] = [];
  for (let at = from; at <= to; at += 1000) if (!settling.observe(at)) settled.push(at);
  return settled;
};

test('the first 15 s after a start, a gap and a clock set back belong to the start', () => {
  const settling = new Settling();
  assert.equal(rows(settling, 100_000, 130_000)[0], 115_000);
  assert.equal(rows(settling, 131_000, 140_000)[0], 131_000);
  assert.equal(rows(settling, 160_000, 190_000)[0], 175_000);
  assert.equal(rows(settling, 50_000, 80_000)[0], 65_000);
});
