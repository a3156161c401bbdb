import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random.ts';
import { BatchConvolution, convolutionLayout, initialConvolution, REACH } from './batch-convolution.ts';
import { type Kernels, loadKernels, plainKernels } from './load.ts';

/** Two sequences of 36 rows, of each of which the last five have targets, some of them missing. */
const SHAPE = { columns: 3, hidden: 4, lanes: 72 };
const LENGTH = 36;

function network(kernels: Kernels): BatchConvolution {
  const random = new Random(3);
  const { columns, hidden, lanes } = SHAPE;
  const convolution = new BatchConvolution(SHAPE, kernels);
  convolution.parameters.set(initialConvolution(columns, hidden, random));
  for (let at = 0; at < columns * lanes; at++) {
    convolution.inputs[at] = random.normal();
    const isThere = (at % lanes) % LENGTH >= REACH && at % 7 !== 0;
    convolution.targets[at] = isThere ? random.normal() : Number.NaN;
  }
  return convolution;
}

describe('a batch of causal filters', () => {
  it('knows the slope of half the squared error by each parameter', () => {
    const convolution = network(loadKernels());
    convolution.measure();
    convolution.slopes();
    const analytic = convolution.gradient.slice();
    assert.equal(analytic.length, convolutionLayout(SHAPE.columns, SHAPE.hidden).count);
    const kept = convolution.parameters.slice();
    const STEP = 5e-3;
    for (let index = 0; index < analytic.length; index++) {
      const at = (value: number): number => {
        convolution.parameters[index] = value;
        return convolution.measure() / 2;
      };
      const numeric = (at(kept[index]! + STEP) - at(kept[index]! - STEP)) / (2 * STEP);
      convolution.parameters[index] = kept[index]!;
      const scale = Math.max(1, Math.abs(numeric));
      const slope = analytic[index]!;
      assert.ok(Math.abs(numeric - slope) < 5e-3 * scale, `${index}: ${slope} is not ${numeric}`);
    }
  });

  it('learns the same, bit for bit, with and without WebAssembly', () => {
    const [simd, plain] = [loadKernels(), plainKernels()].map((kernels) => {
      const convolution = network(kernels);
      const losses = Array.from({ length: 5 }, () => convolution.learn(0.01));
      assert.ok(losses.at(-1)! < losses[0]!);
      return [...losses, ...convolution.parameters];
    });
    assert.deepEqual(simd, plain);
  });

  it('sees neither later rows nor any of another sequence', () => {
    const convolution = network(loadKernels());
    const before = convolution.measure();
    const { columns, lanes } = SHAPE;
    const change = (lane: number): void => {
      for (let column = 0; column < columns; column++) convolution.inputs[column * lanes + lane]! += 3;
    };
    convolution.targets.forEach((_, at) => {
      if (at % lanes !== LENGTH + REACH && at % lanes !== LENGTH + REACH + 1)
        convolution.targets[at] = Number.NaN;
    });
    const two = convolution.measure();
    assert.ok(two < before);
    for (let lane = 0; lane < lanes; lane++) {
      if (lane >= LENGTH && lane <= LENGTH + REACH + 1) continue;
      change(lane);
      assert.equal(convolution.measure(), two, `row ${lane}`);
    }
    change(LENGTH);
    assert.notEqual(convolution.measure(), two);
  });
});
