import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../lib/random.ts';
import { FEATURES } from '../model/features.ts';
import type { Matrix } from '../model/matrix.ts';
import {
  type Block,
  type Contender,
  compareModels,
  distanceFromUniform,
  likelyAtMost,
  worseIn,
} from './judge.ts';

const HOUR = 3_600_000;
const features = FEATURES.map(({ key }) => key);

/** Rows whose first metric is uniform noise, which a made scorer takes for a p-value. */
function block(rows: number): Block {
  const random = new Random(1);
  const matrix: Matrix = {
    rows,
    columns: features.length,
    data: new Float32Array(rows * features.length).fill(0.1),
    at: Float64Array.from({ length: rows }, (_, row) => row * 1000),
  };
  const place = features.indexOf('system.linux.thread.count');
  for (let row = 0; row < rows; row++) matrix.data[row * features.length + place] = random.next();
  return { matrix, features, begin: 600, stepSeconds: 1 };
}

/** Finds whatever moves by more than `least`, and is off by a power of `bias` in its p-values. */
const contender = (id: string, trainedMs: number, least: number, bias = 1): Contender => ({
  id,
  trainedMs,
  reachSeconds: 1e7,
  start: () => ({
    features,
    score: (row) => {
      const place = features.indexOf('system.linux.thread.count');
      const moved = row.some((value, column) => column !== place && Math.abs(value - 0.1) > least);
      return { value: -bias * Math.log10(row[place]!), returnPeriodSeconds: moved ? 1e6 : 10 };
    },
  }),
});

describe('two models on the same later block', () => {
  it('are equal where they are', () => {
    const rows = block(2400);
    const comparison = compareModels(contender('a', HOUR, 0.05), contender('b', HOUR, 0.05), rows);
    assert.deepEqual(comparison.worse, []);
    assert.deepEqual({ ...comparison.current, id: 'b' }, comparison.candidate);
    assert.deepEqual([comparison.rows, comparison.from, comparison.to], [1800, 600_000, 2_400_000]);
    assert.equal(comparison.candidate.faultsFound, comparison.faults);
    assert.ok(comparison.candidate.calibrationError < 0.05);
  });

  it('tell a deaf candidate by the faults that are written into the rows', () => {
    const { worse, candidate } = compareModels(
      contender('a', HOUR, 0.05),
      contender('b', HOUR, 1e3),
      block(2400),
    );
    assert.match(worse.join(), /it finds \d+ of \d+ known faults instead of \d+/);
    assert.ok(candidate.faultsFound > 0);
  });

  it('tell a candidate whose p-values do not fit', () => {
    const { worse } = compareModels(contender('a', HOUR, 0.05), contender('b', HOUR, 0.05, 9), block(2400));
    assert.match(worse.join(), /its p-values are off by 0\.\d+ instead of 0\.0/);
  });

  it('need rows', () => {
    assert.throws(
      () => compareModels(contender('a', 1, 1), contender('b', 1, 1), block(630)),
      /only 30 rows/,
    );
    assert.throws(
      () => compareModels(contender('a', 1, 1), contender('b', 1, 1), { ...block(500), begin: 500 }),
      /only 0 rows/,
    );
  });
});

describe('a candidate is worse', () => {
  const measures = { id: 'a', alarms: 0, calibrationError: 0.1, faultsFound: 20 };
  const limits = { alarmsAllowed: 1, calibrationSlack: 0.2, faults: 24, grown: false };

  it('with more alarms than the one before and than the rate allows', () => {
    assert.equal(worseIn(measures, { ...measures, alarms: 1 }, limits).length, 0);
    assert.equal(worseIn({ ...measures, alarms: 2 }, { ...measures, alarms: 2 }, limits).length, 0);
    assert.equal(worseIn(measures, { ...measures, alarms: 2 }, limits).length, 1);
  });

  it('only if it is so by twice as much where it was trained on twice the data', () => {
    const grown = { ...limits, grown: true };
    for (const [little, much] of [
      [{ alarms: 2 }, { alarms: 3 }],
      [{ calibrationError: 0.4 }, { calibrationError: 0.6 }],
      [{ faultsFound: 16 }, { faultsFound: 14 }],
    ] as const) {
      assert.equal(worseIn(measures, { ...measures, ...little }, limits).length, 1);
      assert.equal(worseIn(measures, { ...measures, ...little }, grown).length, 0);
      assert.equal(worseIn(measures, { ...measures, ...much }, grown).length, 1);
    }
  });
});

it('the distance from the uniform distribution is that of Kolmogorov and Smirnov', () => {
  assert.ok(Math.abs(distanceFromUniform(Float64Array.of(-Math.log10(0.5))) - 0.5) < 1e-12);
  const even = Float64Array.from({ length: 1000 }, (_, index) => -Math.log10((index + 0.5) / 1000));
  assert.ok(Math.abs(distanceFromUniform(even) - 0.0005) < 1e-9);
  assert.ok(distanceFromUniform(new Float64Array(10).fill(3)) > 0.99);
});

it('what a rate makes likely is the 99 % point of the Poisson distribution', () => {
  // From its cumulative distribution: e^-m sum m^k / k!.
  assert.deepEqual([0.005, 0.02, 1, 7].map(likelyAtMost), [0, 1, 4, 14]);
});
