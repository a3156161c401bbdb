import type { Primitives } from './primitives.ts';

const round = Math.fround;
/** tanh is 1 to the last place of a float32 from here on. */
const MOST = 9;
/** 2 log2(e): e^2x = 2^(x * POWER). */
const POWER = round(2.88539);
/** A float32 of this size has no place left after the point: what is added to it is rounded, halves to even. */
const ROUNDER = 12582912;
/** 2^x on [-0.5, 0.5] by its Taylor series, ln(2)^k / k!, the highest power first. */
const SERIES = Float32Array.of(1.540353e-4, 1.3333558e-3, 9.618129e-3, 5.550411e-2, 0.2402265, Math.LN2, 1);
const HIGHEST = 32;
const POWERS_OF_TWO = Float32Array.from({ length: 2 * HIGHEST }, (_, index) => 2 ** (index - HIGHEST));
const BETA1 = round(0.9);
const REST1 = round(0.1);
const BETA2 = round(0.999);
const REST2 = round(0.001);
const EPSILON = round(1e-8);

/** The primitives in plain TypeScript, over `memory`. Each operation is rounded to a float32, as WebAssembly's are. */
export function plainPrimitives(memory: Float32Array): Primitives {
  return {
    memory,

    multiply(factors, outerStride, innerStride, start, from, inner, to, outer, lanes) {
      for (let out = 0; out < outer; out++) {
        const target = to + out * lanes;
        const begin = start === 0 ? 0 : memory[start + out]!;
        for (let lane = 0; lane < lanes; lane++) memory[target + lane] = begin;
        for (let index = 0; index < inner; index++) {
          const factor = memory[factors + out * outerStride + index * innerStride]!;
          const source = from + index * lanes;
          for (let lane = 0; lane < lanes; lane++) {
            memory[target + lane] = round(memory[target + lane]! + round(factor * memory[source + lane]!));
          }
        }
      }
    },

    squash(values, length) {
      for (let at = values; at < values + length; at++) memory[at] = tanh(memory[at]!);
    },

    slopes(deltas, values, length) {
      for (let index = 0; index < length; index++) {
        const value = memory[values + index]!;
        memory[deltas + index] = round(memory[deltas + index]! * round(1 - round(value * value)));
      }
    },

    differences(outputs, targets, deltas, errors, columns, lanes) {
      for (let lane = 0; lane < lanes; lane++) {
        let squares = 0;
        let present = 0;
        for (let place = lane; place < columns * lanes; place += lanes) {
          const target = memory[targets + place]!;
          const there = !Number.isNaN(target);
          const difference = there ? round(memory[outputs + place]! - target) : 0;
          memory[deltas + place] = difference;
          squares = round(squares + round(difference * difference));
          if (there) present++;
        }
        memory[errors + lane] = round(squares / Math.max(present, 1));
      }
    },

    gradients(deltas, outputs, values, inputs, weights, biases, lanes) {
      for (let output = 0; output < outputs; output++) {
        const delta = deltas + output * lanes;
        memory[biases + output] = sum(memory, delta, lanes);
        for (let input = 0; input < inputs; input++) {
          const value = values + input * lanes;
          memory[weights + output * inputs + input] = product(memory, delta, value, lanes);
        }
      }
    },

    adam(parameters, gradient, means, squares, length, share, size) {
      const portion = round(share);
      const step = round(size);
      for (let index = 0; index < length; index++) {
        const slope = round(memory[gradient + index]! * portion);
        const mean = round(round(memory[means + index]! * BETA1) + round(slope * REST1));
        const square = round(round(memory[squares + index]! * BETA2) + round(round(slope * slope) * REST2));
        memory[means + index] = mean;
        memory[squares + index] = square;
        const change = round(round(mean * step) / round(round(Math.sqrt(square)) + EPSILON));
        memory[parameters + index] = round(memory[parameters + index]! - change);
      }
    },
  };
}

/** tanh x = 1 - 2 / (e^2x + 1), and e^2x = 2^(whole + part). */
function tanh(x: number): number {
  const power = round(Math.max(Math.min(x, MOST), -MOST) * POWER);
  const whole = round(round(power + ROUNDER) - ROUNDER);
  const part = round(power - whole);
  let series = SERIES[0]!;
  for (let index = 1; index < SERIES.length; index++) series = round(round(series * part) + SERIES[index]!);
  const exponential = round(series * POWERS_OF_TWO[whole + HIGHEST]!);
  return round(1 - round(2 / round(exponential + 1)));
}

/** The sum of two vectors' products, as four lanes add it: each its own share, then (0 + 1) + (2 + 3). */
function product(memory: Float32Array, one: number, other: number, length: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let index = 0; index < length; index += 4) {
    a = round(a + round(memory[one + index]! * memory[other + index]!));
    b = round(b + round(memory[one + index + 1]! * memory[other + index + 1]!));
    c = round(c + round(memory[one + index + 2]! * memory[other + index + 2]!));
    d = round(d + round(memory[one + index + 3]! * memory[other + index + 3]!));
  }
  return round(round(a + b) + round(c + d));
}

function sum(memory: Float32Array, from: number, length: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let at = from; at < from + length; at += 4) {
    a = round(a + memory[at]!);
    b = round(b + memory[at + 1]!);
    c = round(c + memory[at + 2]!);
    d = round(d + memory[at + 3]!);
  }
  return round(round(a + b) + round(c + d));
}
