import type { Random } from './random.ts';

/** Random weights of a layer, uniform within Glorot and Bengio's (2010) bounds for tanh. */
export function fillGlorot(weights: Float32Array, inputs: number, outputs: number, random: Random): void {
  const bound = Math.sqrt(6 / (inputs + outputs));
  for (let index = 0; index < weights.length; index++) weights[index] = (random.next() * 2 - 1) * bound;
}
