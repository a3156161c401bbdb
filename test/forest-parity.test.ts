import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { createIsolationForest } from '../src/detect/isolation-forest.ts';
import { aucRoc } from '../src/learn/evaluation/auc-roc.ts';
import { readBytes, readFloats, readMeta, sharedData } from './support/shared-data.ts';

/** A labelled set of single rows, and what scikit-learn's forest of the same size reaches on it with five seeds. */
interface TabularSet {
  readonly name: string;
  readonly rows: number;
  readonly features: number;
  readonly reference_auc_roc: number;
  readonly reference_sd: number;
}

const SEEDS = [1, 2, 3, 4, 5];

it('the isolation forest ranks rows as well as that of scikit-learn', (t) => {
  const folder = sharedData('forest', t);
  if (!folder) return;
  const sets = readMeta<TabularSet>(folder);
  assert.equal(sets.length, 8);
  let differences = 0;
  for (const set of sets) {
    const difference = meanAuc(folder, set) - set.reference_auc_roc;
    const allowed = Math.max(0.01, 2 * set.reference_sd);
    t.diagnostic(`${set.name}: ${difference.toFixed(4)}, ${allowed.toFixed(4)} allowed`);
    assert.ok(Math.abs(difference) <= allowed, `${set.name}: ${difference.toFixed(4)}`);
    differences += difference;
  }
  const mean = differences / sets.length;
  t.diagnostic(`mean: ${mean.toFixed(4)}, 0.005 allowed`);
  assert.ok(Math.abs(mean) <= 0.005, `mean: ${mean.toFixed(4)}`);
});

/** Learned from all rows without their labels, as the reference was. */
function meanAuc(folder: string, { name, rows, features }: TabularSet): number {
  const data = readFloats(join(folder, `${name}.x.f32.gz`));
  const labels = readBytes(join(folder, `${name}.label.u8.gz`));
  const matrix = { rows, columns: features, data, at: new Float64Array(rows) };
  const forest = createIsolationForest();
  const areas = SEEDS.map((seed) => {
    const scorer = forest.scorer(forest.learn(matrix, matrix, { seed, progress: () => {} }));
    const score = Float32Array.from(labels, (_, row) =>
      scorer.score(data.subarray(row * features, (row + 1) * features), 0),
    );
    return aucRoc(score, labels);
  });
  return areas.reduce((sum, area) => sum + area, 0) / areas.length;
}
