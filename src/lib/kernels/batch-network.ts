import { type Kernels, kernels as ownKernels } from './load.ts';
import { Places } from './places.ts';
import type { Primitives } from './primitives.ts';
import { Trainable } from './trainable.ts';

/** Places of a layer's parts in memory. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** From the first parameter on: outputs x inputs weights, row-major, then the biases. */
  readonly weights: number;
  readonly biases: number;
}

/** Rows that the kernels take at once. */
const BLOCK = 8;

const roundUp = (count: number, to: number): number => Math.ceil(count / to) * to;

/** How many parameters a network of layers of these sizes has. */
function parameterCount(sizes: readonly number[]): number {
  let count = 0;
  for (let index = 1; index < sizes.length; index++) count += (sizes[index - 1]! + 1) * sizes[index]!;
  return count;
}

/**
 * A network of dense layers, tanh between them and none after the last, that learns from and answers batches of rows.
 * Write a batch into `inputs` and `targets`, feature `f` of row `r` at `f * lanes + r`; a target of NaN has no say.
 * Everything stands in one memory of its own, which goes with the last reference to this network.
 */
export class BatchNetwork {
  /** Distance between two features of a row: the largest batch, rounded up. */
  readonly lanes: number;
  /** Layer after layer: outputs x inputs weights, row-major, then the biases. Can be written. */
  readonly parameters: Float32Array;
  readonly inputs: Float32Array;
  readonly targets: Float32Array;
  readonly #primitives: Primitives;
  readonly #layers: readonly Layer[];
  /** Of each layer's values and their deltas, the input's first. */
  readonly #values: readonly number[];
  readonly #deltas: readonly number[];
  readonly #targets: number;
  readonly #errors: number;
  readonly #trainable: Trainable;

  constructor(sizes: readonly number[], batch: number, kernels: Kernels = ownKernels()) {
    const lanes = roundUp(batch, BLOCK);
    const places = new Places();
    this.lanes = lanes;
    this.#trainable = new Trainable(places, parameterCount(sizes));
    this.#values = sizes.map((size) => places.take(size * lanes));
    this.#deltas = sizes.map((size) => places.take(size * lanes));
    this.#targets = places.take(sizes.at(-1)! * lanes);
    this.#errors = places.take(lanes);
    this.#layers = layersOf(sizes);
    this.#primitives = kernels.primitives(places.floats);
    const { memory } = this.#primitives;
    this.parameters = this.#trainable.of(memory);
    this.inputs = memory.subarray(this.#values[0]!, this.#values[0]! + sizes[0]! * lanes);
    this.targets = memory.subarray(this.#targets, this.#targets + sizes.at(-1)! * lanes);
  }

  /**
   * One step of Adam over the first `rows` rows of the batch, against the sum over the targets of half the squared error, in
   * the mean of the rows. Gives the sum over the rows of the mean squared error before the step.
   */
  learn(rows: number, rate: number): number {
    const sum = this.#sumErrors(rows);
    this.#backward();
    this.#trainable.step(this.#primitives, 1 / rows, rate);
    return sum;
  }

  /** Each row's mean squared error over its targets that are there; a view, overwritten by the next call. */
  errors(rows: number): Float32Array {
    this.#measure(rows);
    return this.#primitives.memory.subarray(this.#errors, this.#errors + rows);
  }

  #sumErrors(rows: number): number {
    this.#measure(rows);
    const { memory } = this.#primitives;
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += memory[this.#errors + row]!;
    return sum;
  }

  #measure(rows: number): void {
    if (rows < this.lanes) this.#silence(rows);
    const { multiply, squash, differences } = this.#primitives;
    const last = this.#layers.length - 1;
    for (let index = 0; index <= last; index++) {
      const { inputs, outputs, weights, biases } = this.#layers[index]!;
      const at = this.#trainable.parameters;
      const [from, to] = [this.#values[index]!, this.#values[index + 1]!];
      multiply(at + weights, inputs, 1, at + biases, from, inputs, to, outputs, this.lanes);
      if (index < last) squash(to, outputs * this.lanes);
    }
    const columns = this.#layers[last]!.outputs;
    differences(this.#values.at(-1)!, this.#targets, this.#deltas.at(-1)!, this.#errors, columns, this.lanes);
  }

  /** What stands in lanes without a row has no say. */
  #silence(rows: number): void {
    const { lanes, inputs, targets } = this;
    for (let at = 0; at < inputs.length; at += lanes) inputs.fill(0, at + rows, at + lanes);
    for (let at = 0; at < targets.length; at += lanes) targets.fill(Number.NaN, at + rows, at + lanes);
  }

  #backward(): void {
    const { multiply, slopes, gradients } = this.#primitives;
    const { parameters, gradient } = this.#trainable;
    for (let index = this.#layers.length - 1; index >= 0; index--) {
      const { inputs, outputs, weights, biases } = this.#layers[index]!;
      const values = this.#values[index]!;
      const deltas = this.#deltas[index + 1]!;
      gradients(deltas, outputs, values, inputs, gradient + weights, gradient + biases, this.lanes);
      if (index === 0) continue;
      const below = this.#deltas[index]!;
      multiply(parameters + weights, 1, inputs, 0, deltas, outputs, below, inputs, this.lanes);
      slopes(below, values, inputs * this.lanes);
    }
  }
}

function layersOf(sizes: readonly number[]): Layer[] {
  const layers: Layer[] = [];
  let end = 0;
  for (let index = 1; index < sizes.length; index++) {
    const [inputs, outputs] = [sizes[index - 1]!, sizes[index]!];
    layers.push({ inputs, outputs, weights: end, biases: end + inputs * outputs });
    end += (inputs + 1) * outputs;
  }
  return layers;
}
