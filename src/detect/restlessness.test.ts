import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Restlessness } from './restlessness.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SLOW_MEAN = 45 * MINUTE;
const START = Date.UTC(2026, 2, 14);

/** What is left of `strangeness` after so long of it, with a row a minute. */
function leftAfter(strangeness: number, ms: number, restlessness = new Restlessness(2, SLOW_MEAN)): number {
  const parts = new Float32Array(2);
  let left = strangeness;
  for (let at = 0; at <= ms; at += MINUTE) {
    parts.set([strangeness, 0]);
    restlessness.temper(parts, START + at);
    left = parts[0]!;
  }
  return left;
}

const near = (value: number, wanted: number): void =>
  assert.ok(Math.abs(value - wanted) < 0.02 * wanted, `${value} is not about ${wanted}`);

describe('what a metric has been lately', () => {
  it('lets a metric that is restless for days count for less, by half of the way in a day', () => {
    near(leftAfter(2, DAY), 2 / 1.5);
    near(leftAfter(2, 8 * DAY), 1);
  });

  it('leaves a third to the wildest, however long it is so, and nearly all within an hour', () => {
    near(leftAfter(1000, 30 * DAY), 1000 / 3);
    assert.ok(leftAfter(1000, HOUR) > 0.94 * 1000);
  });

  it('leaves as it is what is usual or quieter, and what was never seen restless before this row', () => {
    for (const usual of [0, 0.25, 1]) assert.equal(leftAfter(usual, 3 * DAY), usual);
    assert.equal(leftAfter(50, 0), 50);
  });

  it('forgets in days of quiet what it was', () => {
    const restlessness = new Restlessness(2, SLOW_MEAN);
    leftAfter(3, 3 * DAY, restlessness);
    const parts = new Float32Array(2);
    for (let at = 3 * DAY; at <= 6 * DAY; at += MINUTE) restlessness.temper(parts.fill(0), START + at);
    parts.fill(3);
    restlessness.temper(parts, START + 6 * DAY + MINUTE);
    assert.equal(parts[0], 3);
  });

  it('is as slow in rows where they are farther apart, and a row after a gap stands for a hundredth of that', () => {
    const restlessness = new Restlessness(1, 45 * 5 * MINUTE);
    const parts = new Float32Array(1);
    for (let row = 0; row <= 1440; row++) restlessness.temper(parts.fill(2), START + row * 5 * MINUTE);
    near(parts[0]!, 2 / 1.5);
    const after = new Restlessness(1, SLOW_MEAN);
    for (const at of [0, 30 * DAY, 30 * DAY + MINUTE]) after.temper(parts.fill(1000), START + at);
    near(parts[0]!, 1000 / (1 + 2 * (1 - 2 ** -0.01)));
  });

  it('is not moved by a clock that jumps back', () => {
    const restlessness = new Restlessness(1, SLOW_MEAN);
    const parts = new Float32Array(1);
    for (const at of [DAY, 0]) restlessness.temper(parts.fill(1000), START + at);
    assert.equal(parts[0], 1000);
  });
});
