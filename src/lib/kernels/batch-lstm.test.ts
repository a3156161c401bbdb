import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random.ts';
import { BatchLstm, initialLstm, lstmLayout } from './batch-lstm.ts';
import { type Kernels, loadKernels, plainKernels } from './load.ts';

const SHAPE = { columns: 3, hidden: 5, lanes: 8, steps: 4 };

/** A network whose cells hold something already, before a window with some targets missing. */
function network(kernels: Kernels): BatchLstm {
  const random = new Random(3);
  const { columns, hidden } = SHAPE;
  const lstm = new BatchLstm(SHAPE, kernels);
  lstm.parameters.set(initialLstm(columns, hidden, random));
  const fill = (): void => {
    for (const input of lstm.inputs) for (let at = 0; at < input.length; at++) input[at] = random.normal();
    for (const target of lstm.targets)
      for (let at = 0; at < target.length; at++) target[at] = at % 7 === 0 ? Number.NaN : random.normal();
  };
  fill();
  lstm.measure();
  lstm.proceed();
  fill();
  return lstm;
}

describe('a batch of LSTM cells', () => {
  it('knows the slope of half the squared error by each parameter', () => {
    const lstm = network(loadKernels());
    lstm.measure();
    lstm.slopes();
    const analytic = lstm.gradient.slice();
    const { count } = lstmLayout(SHAPE.columns, SHAPE.hidden);
    assert.equal(analytic.length, count);
    const kept = lstm.parameters.slice();
    const STEP = 5e-3;
    for (let index = 0; index < count; index++) {
      const at = (value: number): number => {
        lstm.parameters[index] = value;
        return lstm.measure() / 2;
      };
      const numeric = (at(kept[index]! + STEP) - at(kept[index]! - STEP)) / (2 * STEP);
      lstm.parameters[index] = kept[index]!;
      const scale = Math.max(1, Math.abs(numeric));
      const slope = analytic[index]!;
      assert.ok(Math.abs(numeric - slope) < 5e-3 * scale, `${index}: ${slope} is not ${numeric}`);
    }
  });

  it('learns the same, bit for bit, with and without WebAssembly', () => {
    const [simd, plain] = [loadKernels(), plainKernels()].map((kernels) => {
      const lstm = network(kernels);
      const losses = Array.from({ length: 5 }, () => lstm.learn(0.01));
      assert.ok(losses.at(-1)! < losses[0]!);
      return [...losses, ...lstm.parameters];
    });
    assert.deepEqual(simd, plain);
  });

  it('begins a window where the last one ended, until it is told to restart', () => {
    const lstm = network(loadKernels());
    const first = lstm.measure();
    assert.equal(lstm.measure(), first);
    lstm.proceed();
    const second = lstm.measure();
    assert.notEqual(second, first);
    lstm.restart();
    const anew = lstm.measure();
    lstm.restart();
    assert.equal(lstm.measure(), anew);
    assert.notEqual(anew, first);
  });
});
