import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import fc from 'fast-check';
import { Random } from '../random.ts';
import { BatchNetwork } from './batch-network.ts';
import { type Kernels, loadKernels, plainKernels, type WebAssemblyMachine } from './load.ts';

const simd = loadKernels();
const plain = plainKernels();

/** Sizes of layers, rows and a seed; any of the sizes may be no multiple of what a vector takes. */
const cases = fc.record({
  sizes: fc.array(fc.integer({ min: 1, max: 21 }), { minLength: 2, maxLength: 5 }),
  batch: fc.integer({ min: 1, max: 40 }),
  missing: fc.constantFrom<number>(0, 0.2, 1),
  scale: fc.constantFrom<number>(0.1, 1, 8),
  seed: fc.integer({ min: 0, max: 1e6 }),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function fill(network: BatchNetwork, { missing, scale }: Case, random: Random): void {
  for (let at = 0; at < network.inputs.length; at++) network.inputs[at] = scale * random.normal();
  for (let at = 0; at < network.targets.length; at++)
    network.targets[at] = random.next() < missing ? Number.NaN : scale * random.normal();
}

function networkOf({ sizes, batch }: Case, kernels: Kernels, random: Random): BatchNetwork {
  const network = new BatchNetwork(sizes, batch, kernels);
  for (let at = 0; at < network.parameters.length; at++) network.parameters[at] = 0.5 * random.normal();
  return network;
}

/** Some steps on batches of all lengths; losses, parameters and errors at the end. */
function trained(one: Case, kernels: Kernels): number[] {
  const random = new Random(one.seed);
  const network = networkOf(one, kernels, random);
  const losses: number[] = [];
  for (let step = 0; step < 4; step++) {
    fill(network, one, random);
    losses.push(network.learn(1 + random.below(one.batch), 0.01));
  }
  fill(network, one, random);
  return [...losses, ...network.parameters, ...network.errors(one.batch)];
}

/** The error of one row, straight from the definition, in double precision. */
function reference(
  sizes: readonly number[],
  parameters: Float32Array,
  row: readonly number[],
  targets: readonly number[],
): number {
  let values = row;
  let at = 0;
  for (let layer = 1; layer < sizes.length; layer++) {
    const [inputs, outputs] = [sizes[layer - 1]!, sizes[layer]!];
    const biases = at + inputs * outputs;
    const next = Array.from({ length: outputs }, (_, output) =>
      values.reduce(
        (sum, value, input) => sum + value * parameters[at + output * inputs + input]!,
        parameters[biases + output]!,
      ),
    );
    values = layer < sizes.length - 1 ? next.map(Math.tanh) : next;
    at = biases + outputs;
  }
  const squares = values
    .map((value, index) => (value - targets[index]!) ** 2)
    .filter((one) => !Number.isNaN(one));
  return squares.length === 0 ? 0 : squares.reduce((a, b) => a + b, 0) / squares.length;
}

const rowOf = (values: Float32Array, lanes: number, row: number): number[] =>
  Array.from({ length: values.length / lanes }, (_, column) => values[column * lanes + row]!);

describe('kernels', () => {
  it('run as WebAssembly here', () => {
    assert.equal(simd.kind, 'simd');
    assert.equal(simd.reason, undefined);
  });

  it('give the same bits in WebAssembly and in TypeScript, whatever the shapes and the data', () => {
    fc.assert(
      fc.property(cases, (one) => assert.deepEqual(trained(one, simd), trained(one, plain))),
      { seed: 7, numRuns: 150 },
    );
  });

  it('give the errors of the definition', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const random = new Random(one.seed);
        const network = networkOf(one, simd, random);
        fill(network, one, random);
        const [inputs, targets] = [network.inputs.slice(), network.targets.slice()];
        network.errors(one.batch).forEach((error, row) => {
          const [from, to] = [rowOf(inputs, network.lanes, row), rowOf(targets, network.lanes, row)];
          const wanted = reference(one.sizes, network.parameters, from, to);
          assert.ok(Math.abs(error - wanted) <= 1e-5 * Math.max(1, wanted), `${error} is not ${wanted}`);
        });
      }),
      { seed: 8, numRuns: 100 },
    );
  });

  it('move each parameter against the slope of the error', () => {
    const one: Case = { sizes: [6, 5, 3, 6], batch: 13, missing: 0.1, scale: 1, seed: 3 };
    const random = new Random(one.seed);
    const network = networkOf(one, simd, random);
    fill(network, one, random);
    const before = network.parameters.slice();
    const rows = Array.from({ length: one.batch }, (_, row) => ({
      from: rowOf(network.inputs, network.lanes, row),
      to: rowOf(network.targets, network.lanes, row),
    }));
    // Half the sum of squares of a row: its mean square times half its targets.
    const loss = (parameters: Float32Array): number =>
      rows.reduce((sum, { from, to }) => {
        const present = to.filter((target) => !Number.isNaN(target)).length;
        return sum + (reference(one.sizes, parameters, from, to) * present) / 2;
      }, 0) / rows.length;
    const RATE = 1e-3;
    network.learn(one.batch, RATE);
    for (let at = 0; at < before.length; at++) {
      const [up, down] = [before.slice(), before.slice()];
      up[at]! += 1e-3;
      down[at]! -= 1e-3;
      const slope = (loss(up) - loss(down)) / (up[at]! - down[at]!);
      // Adam's first step is the rate, whatever the size of the slope.
      if (Math.abs(slope) > 1e-3)
        assert.ok(Math.abs(network.parameters[at]! - before[at]! + RATE * Math.sign(slope)) < RATE * 0.01);
    }
  });

  it('learn to say a row again', () => {
    const network = new BatchNetwork([6, 3, 6], 64);
    const random = new Random(1);
    for (let at = 0; at < network.parameters.length; at++) network.parameters[at] = 0.5 * random.normal();
    const losses = Array.from({ length: 2000 }, () => {
      for (let row = 0; row < 64; row++) {
        const [one, other] = [random.normal(), random.normal()];
        [one, other, one + other, -one, 0.5 * one, one - other].forEach((value, column) => {
          network.inputs[column * network.lanes + row] = 0.3 * value;
          network.targets[column * network.lanes + row] = 0.3 * value;
        });
      }
      return network.learn(64, 5e-3) / 64;
    });
    assert.ok(losses.at(-1)! < losses[0]! / 30, `${losses[0]} became ${losses.at(-1)}`);
  });
});

describe('the plain kernels serve, and say why', () => {
  it('where Node.js runs without WebAssembly', () => {
    // Such a Node.js cannot strip types either: it runs bundles.
    const file = fileURLToPath(new URL('./load.ts', import.meta.url));
    const { outputFiles } = buildSync({
      entryPoints: [file],
      bundle: true,
      format: 'esm',
      platform: 'node',
      write: false,
    });
    const script = `${outputFiles[0]!.text}; const { kind, reason } = loadKernels(); console.log(kind, reason);`;
    const options = ['--jitless', '--no-warnings', '--input-type=module', '--eval', script];
    const { stdout, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8' });
    assert.equal(stdout, 'plain this Node.js runs without WebAssembly\n', stderr);
  });

  it('where SIMD is refused', () => {
    class Refused {
      constructor() {
        throw new Error('invalid opcode 0xfd');
      }
    }
    const machine: WebAssemblyMachine = {
      Module: Refused,
      Memory: Refused as never,
      Instance: Refused as never,
    };
    const { kind, reason, primitives } = loadKernels(machine);
    assert.equal(kind, 'plain');
    assert.equal(reason, 'its kernels could not be loaded: invalid opcode 0xfd');
    assert.equal(primitives(8).memory.length, 8);
  });
});
