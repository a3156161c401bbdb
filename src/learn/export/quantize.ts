/** How a network's weights are kept: as they are, rounded to 16 bit, or as whole numbers from -127 to 127. */
export const QUANTIZATIONS = ['none', 'float16', 'int8'] as const;
export type Quantization = (typeof QUANTIZATIONS)[number];

export type QuantizedWeights =
  | { readonly type: 'none'; readonly values: Float32Array }
  | { readonly type: 'float16'; readonly values: Float16Array }
  /** A weight is `values * scales[its output]`: a channel with small weights is not spoilt by one with large ones. */
  | { readonly type: 'int8'; readonly values: Int8Array; readonly scales: Float32Array };

/** Rounds outputs x inputs weights, row-major. Symmetric: 0 stays 0, and no zero points are needed. */
export function quantize(weights: Float32Array, outputs: number, type: Quantization): QuantizedWeights {
  if (type === 'none') return { type, values: weights };
  if (type === 'float16') return { type, values: Float16Array.from(weights) };
  const inputs = weights.length / outputs;
  const values = new Int8Array(weights.length);
  const scales = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const channel = weights.subarray(output * inputs, (output + 1) * inputs);
    const largest = channel.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
    // Runtimes want scales above 0, also of a channel without any weight.
    const scale = Math.fround(largest > 0 ? largest / 127 : 1);
    scales[output] = scale;
    for (let input = 0; input < inputs; input++)
      values[output * inputs + input] = Math.round(channel[input]! / scale);
  }
  return { type, values, scales };
}
