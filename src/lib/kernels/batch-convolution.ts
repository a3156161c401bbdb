import { fillGlorot } from '../glorot.ts';
import type { Random } from '../random.ts';
import { type Kernels, kernels as ownKernels } from './load.ts';
import { Places } from './places.ts';
import type { Primitives } from './primitives.ts';
import { Trainable } from './trainable.ts';

/** A layer of causal filters: each sees what is below it now and `delay` rows ago. */
export interface ConvolutionLayer {
  /** Features below it. */
  readonly inputs: number;
  readonly delay: number;
  /** hidden x (2 inputs: now, then), row-major. */
  readonly weights: number;
  readonly biases: number;
}

/** Where the parameters stand, from the first one on. */
export interface ConvolutionLayout {
  readonly layers: readonly ConvolutionLayer[];
  /** columns x hidden, row-major. */
  readonly readOut: number;
  readonly readOutBiases: number;
  readonly count: number;
}

/** Doubled from layer to layer, each row of the past has one way to the top (van den Oord and others, 2016). */
const DELAYS = [1, 2, 4, 8, 16];
/** How many rows before the present one are seen. */
export const REACH = DELAYS.reduce((sum, delay) => sum + delay, 0);

export function convolutionLayout(columns: number, hidden: number): ConvolutionLayout {
  let end = 0;
  const layers = DELAYS.map((delay, index): ConvolutionLayer => {
    const inputs = index === 0 ? columns : hidden;
    const weights = end;
    const biases = weights + 2 * inputs * hidden;
    end = biases + hidden;
    return { inputs, delay, weights, biases };
  });
  const readOutBiases = end + columns * hidden;
  return { layers, readOut: end, readOutBiases, count: readOutBiases + columns };
}

/** Random parameters to begin with. */
export function initialConvolution(columns: number, hidden: number, random: Random): Float32Array {
  const { layers, readOut, readOutBiases, count } = convolutionLayout(columns, hidden);
  const parameters = new Float32Array(count);
  for (const { inputs, weights, biases } of layers)
    fillGlorot(parameters.subarray(weights, biases), 2 * inputs, hidden, random);
  fillGlorot(parameters.subarray(readOut, readOutBiases), hidden, columns, random);
  return parameters;
}

export interface ConvolutionShape {
  readonly columns: number;
  readonly hidden: number;
  /** Rows of one sequence after the other, side by side; a multiple of 8. */
  readonly lanes: number;
}

/**
 * Layers of dilated causal filters with tanh and a linear read-out, that learn to say `targets` from `inputs`. The lanes are time:
 * several sequences stand one after the other, and the first `REACH` rows of each, which would see the one before it, must have
 * no targets: so nothing that they see counts.
 */
export class BatchConvolution {
  readonly parameters: Float32Array;
  /** The gradient of the last `measure` with `slopes`, in the order of the parameters: of half the squared errors' sum. */
  readonly gradient: Float32Array;
  /** Feature `f` of lane `l` at `f * lanes + l`. */
  readonly inputs: Float32Array;
  /** As the inputs; a NaN has no say. */
  readonly targets: Float32Array;
  readonly #shape: ConvolutionShape;
  readonly #layout: ConvolutionLayout;
  readonly #primitives: Primitives;
  readonly #trainable: Trainable;
  /** What each layer sees: all features now, then all of them as they were. The last one is what the read-out sees. */
  readonly #seen: readonly number[];
  readonly #slopes: readonly number[];
  readonly #targets: number;
  readonly #outputs: number;
  readonly #misses: number;
  readonly #errors: number;

  constructor(shape: ConvolutionShape, kernels: Kernels = ownKernels()) {
    const { columns, hidden, lanes } = shape;
    const places = new Places();
    const layout = convolutionLayout(columns, hidden);
    const take = (features: number): number => places.take(features * lanes);
    const seenBy = (): number[] => [...layout.layers.map(({ inputs }) => take(2 * inputs)), take(hidden)];
    this.#shape = shape;
    this.#layout = layout;
    this.#trainable = new Trainable(places, layout.count);
    this.#seen = seenBy();
    this.#slopes = seenBy();
    this.#targets = take(columns);
    this.#outputs = take(columns);
    this.#misses = take(columns);
    this.#errors = take(1);
    this.#primitives = kernels.primitives(places.floats);
    const { memory } = this.#primitives;
    const { gradient } = this.#trainable;
    this.parameters = this.#trainable.of(memory);
    this.gradient = memory.subarray(gradient, gradient + layout.count);
    this.inputs = memory.subarray(this.#seen[0]!, this.#seen[0]! + columns * lanes);
    this.targets = memory.subarray(this.#targets, this.#targets + columns * lanes);
  }

  /** One step of Adam. Gives the sum of squared errors before it. */
  learn(rate: number): number {
    const sum = this.measure();
    this.slopes();
    this.#trainable.step(this.#primitives, 1 / this.#shape.lanes, rate);
    return sum;
  }

  /** The sum of the squared errors over all targets that are there. */
  measure(): number {
    const { columns, hidden, lanes } = this.#shape;
    const { layers, readOut, readOutBiases } = this.#layout;
    const { multiply, squash, differences, memory } = this.#primitives;
    const { parameters } = this.#trainable;
    for (const [index, { inputs, delay, weights, biases }] of layers.entries()) {
      const now = this.#seen[index]!;
      const length = inputs * lanes;
      const then = now + length;
      memory.fill(0, then, then + delay);
      memory.copyWithin(then + delay, now, then - delay);
      const above = this.#seen[index + 1]!;
      const [factors, start] = [parameters + weights, parameters + biases];
      multiply(factors, 2 * inputs, 1, start, now, 2 * inputs, above, hidden, lanes);
      squash(above, hidden * lanes);
    }
    const top = this.#seen.at(-1)!;
    const [factors, start] = [parameters + readOut, parameters + readOutBiases];
    multiply(factors, hidden, 1, start, top, hidden, this.#outputs, columns, lanes);
    differences(this.#outputs, this.#targets, this.#misses, this.#errors, columns, lanes);
    let sum = 0;
    for (let at = this.#misses; at < this.#misses + columns * lanes; at++) sum += memory[at]! ** 2;
    return sum;
  }

  /** Fills `gradient` for the batch that was measured. */
  slopes(): void {
    const { columns, hidden, lanes } = this.#shape;
    const { layers, readOut, readOutBiases } = this.#layout;
    const { multiply, slopes, gradients } = this.#primitives;
    const { parameters, gradient } = this.#trainable;
    const [misses, top, ofTop] = [this.#misses, this.#seen.at(-1)!, this.#slopes.at(-1)!];
    gradients(misses, columns, top, hidden, gradient + readOut, gradient + readOutBiases, lanes);
    multiply(parameters + readOut, 1, hidden, 0, misses, columns, ofTop, hidden, lanes);
    for (let index = layers.length - 1; index >= 0; index--) {
      const { inputs, delay, weights, biases } = layers[index]!;
      const [own, values] = [this.#slopes[index + 1]!, this.#seen[index + 1]!];
      slopes(own, values, hidden * lanes);
      gradients(own, hidden, this.#seen[index]!, 2 * inputs, gradient + weights, gradient + biases, lanes);
      if (index === 0) continue;
      const below = this.#slopes[index]!;
      multiply(parameters + weights, 1, 2 * inputs, 0, own, hidden, below, 2 * inputs, lanes);
      this.#addEarlier(below, inputs * lanes, delay);
    }
  }

  /** What a row did `delay` rows later counts for it too. */
  #addEarlier(now: number, length: number, delay: number): void {
    const { memory } = this.#primitives;
    const then = now + length;
    for (let index = delay; index < length; index++) memory[now + index - delay]! += memory[then + index]!;
  }
}
