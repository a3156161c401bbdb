import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryHistory } from '../../test/support/memory-history.ts';
import { START, syntheticSeries } from '../../test/support/synthetic-machine.ts';
import type { Detector } from '../model/detector.ts';
import { FEATURES } from '../model/features.ts';
import { summaryOf } from '../model/machine-model.ts';
import type { Matrix } from '../model/matrix.ts';
import { encodeModel } from './model-file.ts';
import { train } from './train.ts';

/** Distance from the mean: all that is needed to see what the training does around a detector. */
const distance: Detector<null> = {
  name: 'distance',
  weight: 1,
  learn: (rows: Matrix, _validate, { progress }) => {
    assert.ok(rows.rows > 0);
    progress(1);
    return null;
  },
  scorer: () => ({ score: (row) => row.reduce((sum, z) => sum + (Number.isNaN(z) ? 0 : z * z), 0) }),
  encode: () => ({ facts: {}, arrays: {} }),
  decode: () => null,
};

const SECONDS = 900;
/** Rows of a start, which are left out. */
const START_ROWS = 15;
const values = syntheticSeries(SECONDS, 1);
const options = {
  features: FEATURES,
  detectors: [distance as Detector],
  from: START,
  to: START + SECONDS * 1000,
  stepSeconds: 1,
  seed: 3,
  phase: 'provisional' as const,
  progress: () => {},
};

describe('training from the history', () => {
  it('gives the same file for the same history and seed', () => {
    const history = memoryHistory(START, values);
    assert.ok(encodeModel(train(history, options)).equals(encodeModel(train(history, options))));
  });

  it('says what it was made of, and goes from 0 to 1', () => {
    const done: number[] = [];
    const model = train(memoryHistory(START, values), {
      ...options,
      progress: (part) => void done.push(part),
    });
    const summary = summaryOf(model);
    assert.deepEqual(
      [summary.rows, summary.features, summary.detectors, summary.id],
      [SECONDS - START_ROWS, FEATURES.length, ['distance'], '20260314T001500Z-provisional'],
    );
    assert.equal(done[0], 0);
    assert.equal(done.at(-1), 1);
    assert.deepEqual(
      done,
      done.toSorted((a, b) => a - b),
    );
  });

  it('leaves out rows that are mostly missing, periods of anomalies, and features that this machine does not have', () => {
    const gone = FEATURES[3]!.key;
    const holed = Object.fromEntries(
      Object.entries(values)
        .filter(([key]) => key !== gone)
        .map(([key, points]) => [key, points.map((value, second) => (second < 100 ? Number.NaN : value))]),
    );
    const exclude = [{ from: START + 200_000, to: START + 300_000 }];
    const model = train(memoryHistory(START, holed), { ...options, exclude });
    assert.equal(model.rows, SECONDS - 200 - START_ROWS);
    assert.equal(model.features.length, FEATURES.length - 1);
  });

  it('learns an anomaly that has lasted for more than an hour: it is how the machine is now', () => {
    const exclude = [{ from: START - 2 * 3_600_000, to: START + SECONDS * 1000 }];
    assert.equal(train(memoryHistory(START, values), { ...options, exclude }).rows, SECONDS - START_ROWS);
  });

  it('has a band for each series that it saw, features or not', () => {
    const extra = 'hw.temperature{hw.id=x}';
    const history = memoryHistory(START, { ...values, [extra]: new Float32Array(SECONDS).fill(50) });
    const { bands } = train(history, options);
    assert.deepEqual(bands[extra], { low: 50, median: 50, high: 50 });
    assert.equal(Object.keys(bands).length, FEATURES.length + 1);
    for (const { low, median, high } of Object.values(bands)) assert.ok(low <= median && median <= high);
  });

  it('knows how far apart the rows are', () => {
    const sparse = Object.fromEntries(
      Object.entries(values).map(([key, points]) => [
        key,
        points.map((value, second) => (second % 5 === 0 ? value : Number.NaN)),
      ]),
    );
    const { rows, stepSeconds, card } = train(memoryHistory(START, sparse), options);
    assert.deepEqual([rows, stepSeconds], [(SECONDS - START_ROWS) / 5, 5]);
    assert.deepEqual(card?.gaps, { count: 0, totalMs: 0, longestMs: 0 });
  });

  it('has a card: blocks, gaps, what was left out and where it comes from', () => {
    const holed = Object.fromEntries(
      Object.entries(values).map(([key, points]) => [
        key,
        points.map((value, second) => (second >= 500 && second < 560 ? Number.NaN : value)),
      ]),
    );
    const exclude = [
      { from: START + 200_000, to: START + 260_000 },
      { from: START + 230_000, to: START + 300_000 },
    ];
    const source = { kind: 'file', name: 'a.jsonl' } as const;
    const { card, rows, drift } = train(memoryHistory(START, holed), { ...options, exclude, source });
    assert.deepEqual([card?.source, card?.excluded], [source, exclude]);
    // The hole and the 15 s of the start after it; the rows after an excluded period count at once.
    assert.equal(card?.gaps.count, 1);
    assert.ok(card.gaps.totalMs >= 75_000 && card.gaps.totalMs <= 77_000, `${card.gaps.totalMs} ms`);
    const { train: learned, validate, calibrate } = card.blocks;
    assert.ok(learned > 5 * validate && learned + validate + calibrate <= rows);
    assert.equal(drift?.shares.length, FEATURES.length);
  });

  it('refuses to learn from next to nothing, and says so', () => {
    assert.throws(
      () => train(memoryHistory(START, values), { ...options, to: START + 45_000 }),
      /only 30 usable rows.*at least 60/,
    );
  });
});
