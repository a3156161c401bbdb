import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createAutoencoder } from '../src/detect/autoencoder.ts';
import { createEnsemble } from '../src/detect/ensemble.ts';
import { DEFAULT_DETECTORS, DETECTORS } from '../src/detect/registry.ts';
import { fit } from '../src/learn/fit.ts';
import { decodeModel, encodeModel } from '../src/learn/model-file.ts';
import { train } from '../src/learn/train.ts';
import { excursions } from '../src/lib/excess.ts';
import type { Detector } from '../src/model/detector.ts';
import { FEATURES } from '../src/model/features.ts';
import type { Matrix } from '../src/model/matrix.ts';
import { memoryHistory } from './support/memory-history.ts';
import { readFloats, readMeta, sharedData } from './support/shared-data.ts';
import { START, syntheticRows, syntheticSeries } from './support/synthetic-machine.ts';

/** All that ships, the autoencoder with fewer rounds: what is learned here is simple. */
const detectors = DEFAULT_DETECTORS.map((detector) =>
  detector.name === 'autoencoder'
    ? (createAutoencoder({ hidden: 32, rounds: 12, roundRows: 4096 }) as Detector)
    : detector,
);
const progress = (): void => {};
const rowOf = ({ data, columns }: Matrix, row: number): Float32Array =>
  data.subarray(row * columns, (row + 1) * columns);
const rules = (columns: number, matters: number) =>
  Array.from({ length: columns }, (_, column) => ({ key: `${column}`, matters, compress: false }));

describe('a model of a synthetic machine', () => {
  const SECONDS = 1800;
  const values = syntheticSeries(SECONDS, 1);
  const model = train(memoryHistory(START, values), {
    features: FEATURES,
    detectors,
    from: START,
    to: START + SECONDS * 1000,
    stepSeconds: 1,
    seed: 1,
    phase: 'provisional',
    progress,
  });

  it('scores the same after it was written and read', () => {
    const copy = decodeModel(encodeModel(model));
    const [one, other] = [createEnsemble(model), createEnsemble(copy)];
    for (let second = 0; second < 50; second++) {
      const row = Float32Array.from(FEATURES, ({ key }) => values[key]![second]!);
      const at = START + second * 1000;
      assert.equal(one.score(row, at).value, other.score(row, at).value);
    }
  });

  for (const broken of [FEATURES[0]!, FEATURES[12]!, FEATURES[25]!]) {
    it(`names ${broken.key} first when it is what broke, within seconds`, () => {
      const ensemble = createEnsemble(model);
      const later = syntheticSeries(60, 2);
      let raisedAfter: number | undefined;
      for (let second = 0; second < 60; second++) {
        const row = Float32Array.from(FEATURES, ({ key, definition }) =>
          key === broken.key ? (definition.unit === '1' ? 0.95 : 5e7) : later[key]![second]!,
        );
        const score = ensemble.score(row, START + (SECONDS + second) * 1000);
        if (score.returnPeriodSeconds < 86_400) continue;
        raisedAfter ??= second;
        assert.equal(score.explain()[0]?.metric, broken.key);
      }
      assert.ok(raisedAfter !== undefined && raisedAfter < 30, `raised after ${raisedAfter} s`);
    });
  }
});

describe('the rate of excursions on a machine that stays as it is', () => {
  const COLUMNS = 10;
  const HOUR = 3600;
  for (const [name, memory] of [
    ['rows that are independent', 0],
    ['rows that repeat their neighbours', 0.95],
  ] as const) {
    it(`is as often as it says, from a third to three times, and rather less where it must guess: ${name}`, () => {
      const cheap = DETECTORS.filter((detector) => detector.name === 'baselines');
      const learned = fit(syntheticRows(10 * HOUR, COLUMNS, 1, memory), {
        rules: rules(COLUMNS, 0.01),
        detectors: cheap,
        stepSeconds: 1,
        seed: 1,
        progress,
      });
      const later = syntheticRows(24 * HOUR, COLUMNS, 2, memory);
      const ensemble = createEnsemble({ ...learned, bands: {} });
      const periods = Float64Array.from(
        { length: later.rows },
        (_, row) => ensemble.score(rowOf(later, row), later.at[row]!).returnPeriodSeconds,
      );
      // Inside what the held-out three hours have seen; an hour is beyond them, where the tail is taken to be long.
      const short = excursions(periods, 599, 60).length;
      assert.ok(short >= (24 * 6) / 3 && short <= 24 * 6 * 3, `${short} where ${24 * 6} were expected`);
      const long = excursions(periods, HOUR - 1, 60).length;
      assert.ok(long >= 1 && long <= 24 * 3, `${long} where 24 were expected`);
    });
  }
});

interface LabelledMachine {
  readonly name: string;
  readonly features: number;
  readonly train_rows: number;
  readonly test_rows: number;
  readonly segments: readonly (readonly [number, number])[];
}

describe('labelled machines, fitted on their normal days only', () => {
  for (const name of ['machine-1-4', 'machine-2-3']) {
    it(`finds most events of ${name}`, (t) => {
      const folder = sharedData('detection', t);
      if (!folder) return;
      const set = readMeta<LabelledMachine>(folder).find((one) => one.name === name)!;
      const read = (part: 'train' | 'test', rows: number, first: number): Matrix => ({
        rows,
        columns: set.features,
        data: readFloats(join(folder, `${name}.${part}.f32.gz`)),
        at: Float64Array.from({ length: rows }, (_, row) => (first + row) * 60_000),
      });
      const learned = fit(read('train', set.train_rows, 0), {
        rules: rules(set.features, 0.01),
        detectors,
        stepSeconds: 60,
        seed: 1,
        progress,
      });
      const test = read('test', set.test_rows, set.train_rows);
      const ensemble = createEnsemble({ ...learned, bands: {} });
      const rare = Array.from(
        { length: test.rows },
        (_, row) => ensemble.score(rowOf(test, row), test.at[row]!).returnPeriodSeconds >= 86_400,
      );
      const found = set.segments.filter(([first, last]) => rare.slice(first, last + 1).includes(true)).length;
      assert.ok(found >= set.segments.length * 0.6, `${found} of ${set.segments.length}`);
    });
  }
});
