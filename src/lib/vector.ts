/** The sum of `values` times the weights from `offset` on. Four sums at a time: the additions need not wait for each other. */
export function dot(weights: Float32Array, offset: number, values: Float32Array): number {
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
export function tanh(x: number): number {
  return 1 - 2 / (Math.exp(2 * x) + 1);
}
