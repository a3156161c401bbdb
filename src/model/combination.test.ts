import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Combination, type Opinion, Smoother } from './combination.ts';

const TWICE = { smoothingRows: 3, slowSmoothing: { rows: 9, weight: 0.5 } };
const near = (one: number, other: number): void =>
  assert.ok(Math.abs(one - other) < 1e-12, `${one} is not ${other}`);

describe('smoothed scores', () => {
  it('are the weighted geometric mean of a short and a long exponential mean', () => {
    const smoother = new Smoother(TWICE, 1);
    near(smoother.add(1), 0);
    // 2 / (3 + 1) and 2 / (9 + 1) of the way from 1 to 11.
    near(smoother.add(11), (Math.log(6) + 0.5 * Math.log(3)) / 1.5);
  });

  it('of models that have no long mean are those of the short one', () => {
    const smoother = new Smoother({ smoothingRows: 3 }, 1);
    near(smoother.add(11), Math.log(6));
    near(smoother.add(11), Math.log(8.5));
  });

  it('make what lasts count more than the same for a row', () => {
    const [lasting, short] = [new Smoother(TWICE, 1), new Smoother(TWICE, 1)];
    for (let row = 0; row < 20; row++) {
      lasting.add(11);
      short.add(row === 19 ? 11 : 1);
    }
    assert.ok(lasting.add(11) > short.add(11));
  });

  it('forget the rows before a gap', () => {
    const smoother = new Smoother(TWICE, 1);
    const first = smoother.add(5);
    smoother.add(500);
    smoother.restart();
    assert.equal(smoother.add(5), first);
  });
});

describe('the combined score', () => {
  const opinion = (weight: number): Opinion => ({
    rest: 1,
    weight,
    tail: { values: [0], digits: [0], scale: 1 / Math.LN10 },
  });

  it('is the mean of what each says, by its weight; none says less than nothing', () => {
    const combination = new Combination([opinion(3), opinion(1)], { smoothingRows: 1 });
    near(combination.add(Float64Array.of(Math.E ** 2, Math.E ** 6)), (3 * 2 + 6) / 4);
    near(combination.add(Float64Array.of(Math.E ** 2, 0.01)), (3 * 2) / 4);
    near(combination.digits[0]!, 2);
    assert.equal(combination.digits[1], 0);
  });
});
