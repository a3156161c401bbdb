/**
 * How each feature is brought to one scale before any detector sees it.
 * Rates and counts span six orders of magnitude: they are compressed first, asinh(x / compress), which is linear well
 * below `compress`, logarithmic well above it, and keeps the sign. Then the training's mean is taken off and the rest
 * divided by its standard deviation, which has a floor: see `learn/fit-scaling.ts`.
 */
export interface Scaling {
  /** In the series' unit; 0 leaves the feature linear. */
  readonly compress: readonly number[];
  /** Of the compressed values. */
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  /** The smallest change of each that a person would call one; of compressed values. Left out of models that earlier versions wrote. */
  readonly matters?: readonly number[];
}

/** Far beyond anything that tells usual from unusual, and small enough that its square is harmless in a float32. */
const LIMIT = 100;

/** `x` as its feature's compression makes it. */
export function compressed(x: number, scale: number): number {
  return scale > 0 ? Math.asinh(x / scale) : x;
}

/** Writes the standardised `row` into `into` (which may be `row`): limited to +-100, NaN stays NaN. */
export function standardise(scaling: Scaling, row: Float32Array, into: Float32Array): void {
  const { compress, means, deviations } = scaling;
  for (let column = 0; column < row.length; column++) {
    const z = (compressed(row[column]!, compress[column]!) - means[column]!) / deviations[column]!;
    into[column] = z > LIMIT ? LIMIT : z < -LIMIT ? -LIMIT : z;
  }
}
