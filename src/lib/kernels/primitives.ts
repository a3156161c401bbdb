/**
 * What a dense network does with a batch of rows, over one piece of memory: in WebAssembly (`assembly/dense.ts`) or in plain
 * TypeScript (`plain.ts`), with the same order of operations and therefore the same float32 numbers, bit for bit.
 *
 * All places and lengths count floats; places are multiples of 4, but for the factors, biases and gradients. A batch stands
 * feature by feature: feature `f` of row `r` at `f * lanes + r`, `lanes` being the rows rounded up to a multiple of 8.
 */
export interface Primitives {
  /** The memory that all places mean. */
  readonly memory: Float32Array;
  /**
   * `to[o] = start[o] + sum over i of factors[o * outerStride + i * innerStride] * from[i]`, for all lanes;
   * a `start` of 0 means none.
   */
  multiply(
    factors: number,
    outerStride: number,
    innerStride: number,
    start: number,
    from: number,
    inner: number,
    to: number,
    outer: number,
    lanes: number,
  ): void;
  /** Each value becomes its tanh, within 3e-7. */
  squash(values: number, length: number): void;
  /** Each delta is multiplied by the derivative of tanh, given tanh's value. */
  slopes(deltas: number, values: number, length: number): void;
  /**
   * `deltas = outputs - targets`, 0 where a target is NaN, and each lane's mean square of them over the targets that are
   * there (0 where none is).
   */
  differences(
    outputs: number,
    targets: number,
    deltas: number,
    errors: number,
    columns: number,
    lanes: number,
  ): void;
  /** Of a layer: the sum over the lanes of delta times value for each weight (outputs x inputs), of delta for each bias. */
  gradients(
    deltas: number,
    outputs: number,
    values: number,
    inputs: number,
    weights: number,
    biases: number,
    lanes: number,
  ): void;
  /**
   * A step of Adam (Kingma and Ba, 2015) with its usual decays. The gradient counts times `share`; `size` is the rate
   * with the correction for the means' start at zero.
   */
  adam(
    parameters: number,
    gradient: number,
    means: number,
    squares: number,
    length: number,
    share: number,
    size: number,
  ): void;
}
