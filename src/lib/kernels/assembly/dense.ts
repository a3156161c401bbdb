/*
 * The primitives of a dense network in WebAssembly with SIMD (AssemblyScript): `Primitives` in ../primitives.ts says what
 * each does. Offsets count floats; a batch stands feature by feature, so that the four lanes of a vector are four rows and
 * no layer's size needs padding. Every sum is taken in the order of ../plain.ts: both give the same bits.
 */

/** Rows that the inner loops take at once: two vectors. */
const BLOCK: i32 = 8;
const VECTOR: i32 = 4;

@inline
function address(offset: i32): usize {
  return (<usize>offset) << 2;
}

@inline
function multiplyAdd(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

export function multiply(
  factors: i32,
  outerStride: i32,
  innerStride: i32,
  start: i32,
  from: i32,
  inner: i32,
  to: i32,
  outer: i32,
  lanes: i32,
): void {
  const step = address(innerStride);
  const next = address(outerStride);
  const line = address(lanes);
  const whole = outer & ~3;
  for (let lane = 0; lane < lanes; lane += BLOCK) {
    const source = address(from + lane);
    const target = address(to + lane);
    for (let out = 0; out < whole; out += 4) {
      let a0 = start ? v128.load32_splat(address(start + out)) : f32x4.splat(0);
      let b0 = start ? v128.load32_splat(address(start + out), 4) : f32x4.splat(0);
      let c0 = start ? v128.load32_splat(address(start + out), 8) : f32x4.splat(0);
      let d0 = start ? v128.load32_splat(address(start + out), 12) : f32x4.splat(0);
      let a1 = a0;
      let b1 = b0;
      let c1 = c0;
      let d1 = d0;
      let factor = address(factors) + <usize>out * next;
      let value = source;
      for (let index = 0; index < inner; index++) {
        const x0 = v128.load(value);
        const x1 = v128.load(value, 16);
        const a = v128.load32_splat(factor);
        const b = v128.load32_splat(factor + next);
        const c = v128.load32_splat(factor + 2 * next);
        const d = v128.load32_splat(factor + 3 * next);
        a0 = multiplyAdd(a0, a, x0);
        a1 = multiplyAdd(a1, a, x1);
        b0 = multiplyAdd(b0, b, x0);
        b1 = multiplyAdd(b1, b, x1);
        c0 = multiplyAdd(c0, c, x0);
        c1 = multiplyAdd(c1, c, x1);
        d0 = multiplyAdd(d0, d, x0);
        d1 = multiplyAdd(d1, d, x1);
        factor += step;
        value += line;
      }
      let place = target + <usize>out * line;
      v128.store(place, a0);
      v128.store(place, a1, 16);
      place += line;
      v128.store(place, b0);
      v128.store(place, b1, 16);
      place += line;
      v128.store(place, c0);
      v128.store(place, c1, 16);
      place += line;
      v128.store(place, d0);
      v128.store(place, d1, 16);
    }
    for (let out = whole; out < outer; out++) {
      let a0 = start ? v128.load32_splat(address(start + out)) : f32x4.splat(0);
      let a1 = a0;
      let factor = address(factors) + <usize>out * next;
      let value = source;
      for (let index = 0; index < inner; index++) {
        const a = v128.load32_splat(factor);
        a0 = multiplyAdd(a0, a, v128.load(value));
        a1 = multiplyAdd(a1, a, v128.load(value, 16));
        factor += step;
        value += line;
      }
      v128.store(target + <usize>out * line, a0);
      v128.store(target + <usize>out * line, a1, 16);
    }
  }
}

export function squash(values: i32, length: i32): void {
  const end = address(values + length);
  for (let at = address(values); at < end; at += 16) {
    const limited = f32x4.max(f32x4.min(v128.load(at), f32x4.splat(9)), f32x4.splat(-9));
    // tanh x = 1 - 2 / (e^2x + 1), and e^2x = 2^(whole + part).
    const power = f32x4.mul(limited, f32x4.splat(<f32>2.88539));
    // A float32 of this size has no place left after the point: what is added to it is rounded.
    const rounder = f32x4.splat(<f32>12582912.0);
    const whole = f32x4.sub(f32x4.add(power, rounder), rounder);
    const part = f32x4.sub(power, whole);
    let series = f32x4.splat(<f32>1.540353e-4);
    series = f32x4.add(f32x4.mul(series, part), f32x4.splat(<f32>1.3333558e-3));
    series = f32x4.add(f32x4.mul(series, part), f32x4.splat(<f32>9.618129e-3));
    series = f32x4.add(f32x4.mul(series, part), f32x4.splat(<f32>5.550411e-2));
    series = f32x4.add(f32x4.mul(series, part), f32x4.splat(<f32>0.2402265));
    series = f32x4.add(f32x4.mul(series, part), f32x4.splat(<f32>0.6931472));
    series = f32x4.add(f32x4.mul(series, part), f32x4.splat(1));
    const scale = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(whole), i32x4.splat(127)), 23);
    const exponential = f32x4.mul(series, scale);
    v128.store(
      at,
      f32x4.sub(f32x4.splat(1), f32x4.div(f32x4.splat(2), f32x4.add(exponential, f32x4.splat(1)))),
    );
  }
}

export function slopes(deltas: i32, values: i32, length: i32): void {
  const end = address(deltas + length);
  const distance = address(values - deltas);
  for (let at = address(deltas); at < end; at += 16) {
    const value = v128.load(at + distance);
    v128.store(at, f32x4.mul(v128.load(at), f32x4.sub(f32x4.splat(1), f32x4.mul(value, value))));
  }
}

export function differences(
  outputs: i32,
  targets: i32,
  deltas: i32,
  errors: i32,
  columns: i32,
  lanes: i32,
): void {
  const line = address(lanes);
  const one = f32x4.splat(1);
  for (let lane = 0; lane < lanes; lane += VECTOR) {
    let squares = f32x4.splat(0);
    let present = f32x4.splat(0);
    let place = address(lane);
    for (let column = 0; column < columns; column++) {
      const target = v128.load(address(targets) + place);
      const there = f32x4.eq(target, target);
      const difference = v128.and(f32x4.sub(v128.load(address(outputs) + place), target), there);
      v128.store(address(deltas) + place, difference);
      squares = multiplyAdd(squares, difference, difference);
      present = f32x4.add(present, v128.and(one, there));
      place += line;
    }
    v128.store(address(errors + lane), f32x4.div(squares, f32x4.max(present, one)));
  }
}

/** The four lanes of each of four vectors added up: (0 + 1) + (2 + 3). */
@inline
function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 2, 6), v128.shuffle<f32>(a, b, 1, 5, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 2, 6), v128.shuffle<f32>(c, d, 1, 5, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

@inline
function sum(a: v128): f32 {
  return (
    f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3))
  );
}

function gradientOf(delta: usize, value: usize, line: usize): f32 {
  let a = f32x4.splat(0);
  for (let at: usize = 0; at < line; at += 16) a = multiplyAdd(a, v128.load(delta + at), v128.load(value + at));
  return sum(a);
}

function gradientsOfTwo(delta: usize, value: usize, line: usize, to: usize, next: usize): void {
  let a0 = f32x4.splat(0);
  let b0 = a0;
  let c0 = a0;
  let d0 = a0;
  let a1 = a0;
  let b1 = a0;
  let c1 = a0;
  let d1 = a0;
  const end = delta + line;
  const third = value + 2 * line;
  const distance = value - delta;
  const far = third - delta;
  for (; delta < end; delta += 16) {
    const first = v128.load(delta);
    const second = v128.load(delta + line);
    const a = v128.load(delta + distance);
    const b = v128.load(delta + distance + line);
    const c = v128.load(delta + far);
    const d = v128.load(delta + far + line);
    a0 = multiplyAdd(a0, first, a);
    b0 = multiplyAdd(b0, first, b);
    c0 = multiplyAdd(c0, first, c);
    d0 = multiplyAdd(d0, first, d);
    a1 = multiplyAdd(a1, second, a);
    b1 = multiplyAdd(b1, second, b);
    c1 = multiplyAdd(c1, second, c);
    d1 = multiplyAdd(d1, second, d);
  }
  v128.store(to, sums(a0, b0, c0, d0));
  v128.store(to + next, sums(a1, b1, c1, d1));
}

export function gradients(
  deltas: i32,
  outputs: i32,
  values: i32,
  inputs: i32,
  weights: i32,
  biases: i32,
  lanes: i32,
): void {
  const line = address(lanes);
  const next = address(inputs);
  const even = outputs & ~1;
  const whole = inputs & ~3;
  for (let output = 0; output < outputs; output++) {
    const delta = address(deltas) + <usize>output * line;
    let total = f32x4.splat(0);
    for (let at: usize = 0; at < line; at += 16) total = f32x4.add(total, v128.load(delta + at));
    f32.store(address(biases + output), sum(total));
    const first = output < even ? whole : 0;
    if (output < even && (output & 1) == 0) {
      for (let input = 0; input < whole; input += 4) {
        const to = address(weights + output * inputs + input);
        gradientsOfTwo(delta, address(values) + <usize>input * line, line, to, next);
      }
    }
    for (let input = first; input < inputs; input++) {
      const value = address(values) + <usize>input * line;
      f32.store(address(weights + output * inputs + input), gradientOf(delta, value, line));
    }
  }
}

export function adam(
  parameters: i32,
  gradient: i32,
  means: i32,
  squares: i32,
  length: i32,
  share: f32,
  size: f32,
): void {
  for (let index = 0; index < length; index += VECTOR) {
    const slope = f32x4.mul(v128.load(address(gradient + index)), f32x4.splat(share));
    const mean = f32x4.add(
      f32x4.mul(v128.load(address(means + index)), f32x4.splat(<f32>0.9)),
      f32x4.mul(slope, f32x4.splat(<f32>0.1)),
    );
    const square = f32x4.add(
      f32x4.mul(v128.load(address(squares + index)), f32x4.splat(<f32>0.999)),
      f32x4.mul(f32x4.mul(slope, slope), f32x4.splat(<f32>0.001)),
    );
    v128.store(address(means + index), mean);
    v128.store(address(squares + index), square);
    const step = f32x4.div(
      f32x4.mul(mean, f32x4.splat(size)),
      f32x4.add(f32x4.sqrt(square), f32x4.splat(<f32>1e-8)),
    );
    v128.store(address(parameters + index), f32x4.sub(v128.load(address(parameters + index)), step));
  }
}
