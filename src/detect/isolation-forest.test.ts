import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { aucRoc, readBytes, readFloats, readMeta, sharedData } from '../../test/support/shared-data.ts';
import { createIsolationForest } from './isolation-forest.ts';

interface TabularSet {
  readonly name: string;
  readonly rows: number;
  readonly features: number;
  readonly reference_auc_roc: number;
  readonly reference_sd: number;
}

for (const name of ['cardio', 'thyroid', 'satimage-2']) {
  it(`ranks the rows of ${name} as well as the reference forest`, (t) => {
    const folder = sharedData('forest', t);
    if (!folder) return;
    const set = readMeta<TabularSet>(folder).find((one) => one.name === name)!;
    const data = readFloats(join(folder, `${name}.x.f32.gz`));
    const labels = readBytes(join(folder, `${name}.label.u8.gz`));
    const matrix = { rows: set.rows, columns: set.features, data, at: new Float64Array(set.rows) };
    const forest = createIsolationForest();
    let sum = 0;
    const seeds = [1, 2, 3, 4, 5];
    for (const seed of seeds) {
      const scorer = forest.scorer(forest.learn(matrix, matrix, { seed, progress: () => {} }));
      const scores = Float32Array.from(labels, (_, row) =>
        scorer.score(data.subarray(row * set.features, (row + 1) * set.features), 0),
      );
      sum += aucRoc(scores, labels);
    }
    const difference = sum / seeds.length - set.reference_auc_roc;
    assert.ok(Math.abs(difference) <= Math.max(0.01, 2 * set.reference_sd), `${difference.toFixed(4)}`);
  });
}
