import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { syntheticRows } from '../../test/support/synthetic-machine.ts';
import { slice } from '../model/matrix.ts';
import { decodeHighPass, encodeHighPass, HighPassViewer, learnHighPass } from './high-pass.ts';

const COLUMNS = 4;
const ROWS = 600;
const MINUTE = 60_000;

/** The view of a machine with a row each `stepMs`. */
function viewOf(stepMs: number) {
  const rows = syntheticRows(ROWS, COLUMNS, 1);
  const matrix = { ...rows, at: rows.at.map((_, row) => row * stepMs) };
  return learnHighPass(slice(matrix, 0, 500), slice(matrix, 500, ROWS), { progress: () => {} }).view;
}

/** How much of a step of 10 is still shown after so many rows, a share. */
function shownAfter(rows: number, stepMs: number): number {
  const view = viewOf(stepMs);
  const viewer = new HighPassViewer({ ...view, means: new Float32Array(COLUMNS) });
  const values = new Float32Array(COLUMNS);
  const show = (row: number): number => {
    viewer.show(new Float32Array(COLUMNS).fill(10), view.meansAt + row * stepMs, 1000, values);
    return values[0]!;
  };
  const first = show(1);
  for (let row = 2; row < rows; row++) show(row);
  return show(rows) / first;
}

describe('the view of what changed lately', () => {
  it('forgets half of a step in three quarters of an hour, where rows are seconds or a minute apart', () => {
    for (const stepMs of [10_000, MINUTE])
      assert.ok(Math.abs(shownAfter(1 + (45 * MINUTE) / stepMs, stepMs) - 0.5) < 0.02);
  });

  it('is not quicker than 45 rows, where they are farther apart: scores are smoothed over 30', () => {
    assert.ok(Math.abs(shownAfter(46, 5 * MINUTE) - 0.5) < 0.02);
  });

  it('reads a model of a version that knew minutes only', () => {
    const { facts, arrays } = encodeHighPass(viewOf(5 * MINUTE));
    const { halfLifeMs: _, ...earlier } = facts;
    assert.equal(decodeHighPass('test', { facts: earlier, arrays }).halfLifeMs, 45 * MINUTE);
  });
});
