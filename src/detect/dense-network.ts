import type { Random } from '../lib/random.ts';
import type { DenseLayer } from '../model/reconstruction.ts';

/** Where a layer's weights (outputs x inputs, row-major) and then its biases stand in the list of all parameters. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: number;
  readonly biases: number;
}

/**
 * A network of dense layers, tanh between them and none after the last: its answer to one row, in
 * plain TypeScript, without allocation. All parameters stand in one array.
 */
export class DenseNetwork {
  readonly sizes: readonly number[];
  readonly parameters: Float32Array;
  readonly #layers: readonly Layer[];
  /** What each layer gave for the last row; the first one is the input. */
  readonly #values: readonly Float32Array[];

  constructor(sizes: readonly number[], parameters?: Float32Array) {
    this.sizes = sizes;
    const layers: Layer[] = [];
    let offset = 0;
    for (let index = 1; index < sizes.length; index++) {
      const inputs = sizes[index - 1]!;
      const outputs = sizes[index]!;
      layers.push({ inputs, outputs, weights: offset, biases: offset + inputs * outputs });
      offset += (inputs + 1) * outputs;
    }
    if (parameters && parameters.length !== offset) {
      throw new Error(`autoencoder: ${parameters.length} parameters where ${offset} are needed`);
    }
    this.#layers = layers;
    this.parameters = parameters ?? new Float32Array(offset);
    this.#values = sizes.map((size) => new Float32Array(size));
  }

  /** Random weights, uniform within Glorot and Bengio's (2010) bounds for tanh. */
  initialise(random: Random): void {
    for (const { inputs, outputs, weights, biases } of this.#layers) {
      const bound = Math.sqrt(6 / (inputs + outputs));
      for (let index = weights; index < biases; index++) {
        this.parameters[index] = (random.next() * 2 - 1) * bound;
      }
    }
  }

  /** The layers as data; they share the network's parameters. */
  layers(): readonly DenseLayer[] {
    const last = this.#layers.length - 1;
    return this.#layers.map(({ inputs, outputs, weights, biases }, index) => ({
      inputs,
      outputs,
      weights: this.parameters.subarray(weights, biases),
      biases: this.parameters.subarray(biases, biases + outputs),
      activation: index === last ? 'linear' : 'tanh',
    }));
  }

  /** Write the row here, then call `forward`. */
  get input(): Float32Array {
    return this.#values[0]!;
  }

  /** The network's answer to what stands in `input`; overwritten by the next call. */
  forward(): Float32Array {
    const last = this.#layers.length - 1;
    for (let index = 0; index <= last; index++) {
      const layer = this.#layers[index]!;
      const from = this.#values[index]!;
      const to = this.#values[index + 1]!;
      for (let output = 0; output < layer.outputs; output++) {
        const sum =
          this.parameters[layer.biases + output]! +
          dot(this.parameters, layer.weights + output * layer.inputs, from);
        to[output] = index === last ? sum : tanh(sum);
      }
    }
    return this.#values[last + 1]!;
  }
}

/** Four sums at a time: the additions need not wait for each other. */
function dot(weights: Float32Array, offset: number, values: Float32Array): number {
  const length = values.length;
  const even = length - (length % 4);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let index = 0; index < even; index += 4) {
    a += weights[offset + index]! * values[index]!;
    b += weights[offset + index + 1]! * values[index + 1]!;
    c += weights[offset + index + 2]! * values[index + 2]!;
    d += weights[offset + index + 3]! * values[index + 3]!;
  }
  for (let index = even; index < length; index++) a += weights[offset + index]! * values[index]!;
  return a + b + (c + d);
}

/** As Math.tanh within a few units of the last place of a float32, and several times as fast. */
function tanh(x: number): number {
  return 1 - 2 / (Math.exp(2 * x) + 1);
}
