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
