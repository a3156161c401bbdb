import type { Places } from './places.ts';
import type { Primitives } from './primitives.ts';

const BETA1 = 0.9;
const BETA2 = 0.999;

/** Parameters in the primitives' memory, their gradient, and what Adam (Kingma and Ba, 2015) keeps of its past. */
export class Trainable {
  /** Place of the first parameter, and of its gradient. */
  readonly parameters: number;
  readonly gradient: number;
  readonly #count: number;
  readonly #means: number;
  readonly #squares: number;
  #steps = 0;

  constructor(places: Places, count: number) {
    this.#count = count;
    this.parameters = places.take(count);
    this.gradient = places.take(count);
    this.#means = places.take(count);
    this.#squares = places.take(count);
  }

  /** The parameters themselves: what is written there counts. */
  of(memory: Float32Array): Float32Array {
    return memory.subarray(this.parameters, this.parameters + this.#count);
  }

  /** One step against the gradient, which counts times `share`. */
  step({ adam }: Primitives, share: number, rate: number): void {
    this.#steps++;
    const size = (rate * Math.sqrt(1 - BETA2 ** this.#steps)) / (1 - BETA1 ** this.#steps);
    // What pads the last vector is 0 and stays so.
    const length = this.gradient - this.parameters;
    adam(this.parameters, this.gradient, this.#means, this.#squares, length, share, size);
  }
}
