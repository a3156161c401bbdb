import assert from 'node:assert/strict';
import { it } from 'node:test';
import { syntheticRows } from '../../test/support/synthetic-machine.ts';
import { loadKernels, plainKernels } from '../lib/kernels/load.ts';
import { slice } from '../model/matrix.ts';
import { createAutoencoder } from './autoencoder.ts';

it('learns the same model, bit for bit, with and without WebAssembly', () => {
  const rows = syntheticRows(1200, 13, 1);
  rows.data.forEach((_, index) => {
    if (index % 11 === 0) rows.data[index] = Number.NaN;
  });
  const [simd, plain] = [loadKernels(), plainKernels()].map((kernels) =>
    createAutoencoder({ hidden: 18, code: 5, rounds: 4, roundRows: 1024, kernels }).learn(
      slice(rows, 0, 1000),
      slice(rows, 1000, 1200),
      { seed: 5, progress: () => {} },
    ),
  );
  assert.deepEqual(simd, plain);
});

it('scores many rows at once as it scores them one by one, wild and missing values included', () => {
  const rows = syntheticRows(1130, 13, 2);
  rows.data.forEach((value, index) => {
    if (index % 17 === 0) rows.data[index] = Number.NaN;
    else if (index % 101 === 0) rows.data[index] = 30 * value;
  });
  const [train, later] = [slice(rows, 0, 1000), slice(rows, 1000, 1130)];
  const detector = createAutoencoder({ hidden: 18, code: 5, rounds: 4, roundRows: 1024 });
  const scorer = detector.scorer(detector.learn(train, later, { seed: 5, progress: () => {} }));
  scorer.scoreAll!(later).forEach((score, row) => {
    const one = scorer.score(later.data.subarray(row * 13, (row + 1) * 13), later.at[row]!);
    assert.ok(Math.abs(score - one) <= 1e-5 * Math.max(1, one), `${score} is not ${one}`);
  });
});
