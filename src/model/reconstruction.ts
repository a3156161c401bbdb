/** y = activation(weights x + biases). */
export interface DenseLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** outputs x inputs, row-major. */
  readonly weights: Float32Array;
  readonly biases: Float32Array;
  readonly activation: 'tanh' | 'linear';
}

/**
 * A detector that reconstructs rows by a stack of dense layers, as data: what another runtime needs to give the same
 * scores. Rows come standardised (`scaling.ts`), limited to +-`inputLimit`, and with 0 where a value is missing; the
 * last layer's outputs are compared with the row limited to +-`errorLimit`. The score is the mean of the squared
 * differences over the values that are there, 0 where none is.
 */
export interface Reconstruction {
  readonly layers: readonly DenseLayer[];
  readonly inputLimit: number;
  readonly errorLimit: number;
}
