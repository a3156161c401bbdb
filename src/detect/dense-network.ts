import { fillGlorot } from '../lib/glorot.ts';
import type { Random } from '../lib/random.ts';
import { dot, tanh } from '../lib/vector.ts';
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
      fillGlorot(this.parameters.subarray(weights, biases), inputs, outputs, random);
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
