import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { syntheticRows } from '../../test/support/synthetic-machine.ts';
import { fitTail } from '../lib/tail.ts';
import type { Detector } from '../model/detector.ts';
import { type Matrix, slice } from '../model/matrix.ts';
import { createEnsemble, type Scored } from './ensemble.ts';

const COLUMNS = 6;
const features = ['a', 'b', 'c', 'd', 'e', 'f'];
const rows = syntheticRows(400, COLUMNS, 1);

/** The largest and the sum: two detectors small enough to see through. */
const detector = (name: string, ofRow: (row: Float32Array) => number): Detector => ({
  name,
  weight: 1,
  learn: () => null,
  scorer: () => {
    let last = new Float32Array(COLUMNS);
    return {
      score: (row) => {
        last = row.map((value) => (Number.isNaN(value) ? 0 : value * value));
        return ofRow(last);
      },
      contributions: (into) => {
        for (let column = 0; column < COLUMNS; column++) into[column]! += last[column]!;
      },
    };
  },
  encode: () => ({ facts: {}, arrays: {} }),
  decode: () => null,
});
const detectors = [
  detector('largest', (row) => Math.max(...row)),
  detector('sum', (row) => row.reduce((sum, value) => sum + value)),
];
const tail = fitTail(Float64Array.of(0.1, 0.5, 1, 1.5, 2, 2.5), 1, { scale: 0.5, count: 1 });
const model: Scored = {
  features,
  stepSeconds: 1,
  scaling: {
    compress: Array(COLUMNS).fill(0),
    means: Array(COLUMNS).fill(0),
    deviations: Array(COLUMNS).fill(1),
  },
  detectors: detectors.map(({ name }) => ({
    name,
    encoded: { facts: {}, arrays: {} },
    tail,
    rest: 0.3,
    weight: 1,
  })),
  calibration: {
    smoothingRows: 4,
    combined: fitTail(Float64Array.of(0.2, 0.3, 0.5, 0.8), 1, { scale: 0.2, count: 1 }),
    returns: { threshold: 1, rate: 0.01, scale: 0.3, longest: 1e7 },
    rows: 100,
  },
  bands: { b: { low: -2, median: 0, high: 2 } },
};

const row = (matrix: Matrix, index: number): Float32Array =>
  matrix.data.subarray(index * COLUMNS, (index + 1) * COLUMNS);

describe('the ensemble', () => {
  it('says who thought what, how rare it is together, and which metric it was', () => {
    const ensemble = createEnsemble(model, detectors);
    const strange = Float32Array.of(0, 40, 0, Number.NaN, 0, 5);
    let last = ensemble.score(strange, 0);
    for (let second = 1; second < 12; second++) last = ensemble.score(strange, second * 1000);
    assert.deepEqual(Object.keys(last.detectors), ['largest', 'sum']);
    assert.ok(last.value > 2);
    assert.ok(last.returnPeriodSeconds > 86_400);
    const [first, second, ...rest] = last.explain();
    assert.deepEqual(
      [first!.metric, first!.observed, first!.expected, second!.metric],
      ['b', 40, { low: -2, median: 0, high: 2 }, 'f'],
    );
    assert.deepEqual(rest, []);
    assert.ok(first!.share > 0.9 && first!.share + second!.share <= 1 + 1e-9);
  });

  it('names what broke within the last rows, also when the last one alone shows something else', () => {
    const ensemble = createEnsemble(model, detectors);
    for (let second = 0; second < 5; second++)
      ensemble.score(Float32Array.of(0, 40, 0, 0, 0, 0), second * 1000);
    const last = ensemble.score(Float32Array.of(0, 0, 0, 0, 5, 0), 5000);
    assert.deepEqual(
      last.explain().map(({ metric }) => metric),
      ['b', 'e'],
    );
    const later = ensemble.score(Float32Array.of(0, 0, 0, 0, 5, 0), 100_000);
    assert.deepEqual(
      later.explain().map(({ metric }) => metric),
      ['e'],
    );
  });

  it('names the metric that moved much before the one that only never moved before', () => {
    const still = { ...model.scaling, matters: Array(COLUMNS).fill(1), deviations: [1, 1, 1, 1, 1, 30] };
    const scoreOf = (scaling: Scored['scaling']) =>
      createEnsemble({ ...model, scaling }, detectors).score(Float32Array.of(6, 0, 0, 0, 0, 150), 0);
    const first = (score: ReturnType<typeof scoreOf>) => score.explain()[0]!.metric;
    assert.equal(first(scoreOf(still)), 'f');
    const { matters: _, ...unknown } = still;
    assert.equal(first(scoreOf(unknown)), 'a');
  });

  it('needs more than one row to be sure, and starts anew after a gap or a clock that jumped back', () => {
    const strange = Float32Array.of(0, 40, 0, 0, 0, 0);
    const ensemble = createEnsemble(model, detectors);
    const once = ensemble.score(strange, 0).value;
    const twice = ensemble.score(strange, 1000).value;
    assert.ok(twice > once);
    assert.equal(ensemble.score(strange, 100_000).value, once);
    assert.equal(ensemble.score(strange, 50_000).value, once);
  });

  it('gives the same scores for the same rows', () => {
    const run = () => {
      const ensemble = createEnsemble(model, detectors);
      return Array.from(
        { length: rows.rows },
        (_, index) => ensemble.score(row(rows, index), rows.at[index]!).value,
      );
    };
    assert.deepEqual(run(), run());
  });

  it('finds nothing strange where nothing was measured', () => {
    const nothing = new Float32Array(COLUMNS).fill(Number.NaN);
    const score = createEnsemble(model, detectors).score(nothing, 0);
    assert.ok(score.value < 1);
    assert.deepEqual(score.explain(), []);
  });

  it('explains the last row only: an explanation too late is an error, not a wrong answer', () => {
    const ensemble = createEnsemble(model, detectors);
    const early = ensemble.score(row(slice(rows, 0, 1), 0), 0);
    const late = ensemble.score(row(rows, 1), 1000);
    assert.throws(() => early.explain(), /before the next row/);
    const explained = late.explain();
    ensemble.score(row(rows, 2), 2000);
    assert.equal(late.explain(), explained);
  });

  it('refuses a model of a detector that it does not have', () => {
    assert.throws(() => createEnsemble(model, [detectors[0]!]), /detector sum/);
  });
});
