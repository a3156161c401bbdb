import * as proto from './protobuf.ts';

/** What Core ML computes: numbers of a type, or the text of a parameter. */
interface Tensor {
  readonly type: string;
  readonly shape: readonly number[];
  readonly data: readonly number[] | string;
}

type Inputs = Readonly<Record<string, Tensor>>;

/** MIL.proto, DataType. */
const TYPES: Readonly<Record<number, string>> = {
  1: 'bool',
  2: 'string',
  10: 'float16',
  11: 'float32',
  21: 'int8',
  23: 'int32',
};
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_@]*$/;

/** A package's model as far as the tests look at it. */
export interface CoreMlModel {
  readonly specificationVersion: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** Names and shapes that the description promises. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  /** Runs the program as Core ML would on one row, each result rounded to its type. */
  run(features: Float32Array): Readonly<Record<string, readonly number[]>>;
}

/** Reads `model.mlmodel` and `weights/weight.bin` by Apple's public formats, on its own: it shares nothing with the writer. */
export function readCoreMl(spec: Uint8Array, weights: Uint8Array): CoreMlModel {
  const model = proto.readFields(spec);
  const description = proto.message(model, 2);
  const arrays = (field: number) =>
    Object.fromEntries(
      proto
        .messages(description, field)
        .map((one) => [proto.string(one, 1), proto.numbers(proto.message(proto.message(one, 3), 5), 1)]),
    );
  const userDefined = proto.messages(proto.message(description, 100), 100);
  return {
    specificationVersion: proto.number(model, 1),
    metadata: Object.fromEntries(
      userDefined.map((entry) => [proto.string(entry, 1), proto.string(entry, 2)]),
    ),
    inputs: arrays(1),
    outputs: arrays(10),
    run: (features) => new Interpreter(proto.message(model, 502), weights).run(features),
  };
}

class Interpreter {
  readonly #program: proto.Fields;
  readonly #weights: Uint8Array;
  readonly #values = new Map<string, Tensor>();

  constructor(program: proto.Fields, weights: Uint8Array) {
    this.#program = program;
    this.#weights = weights;
  }

  run(features: Float32Array): Readonly<Record<string, readonly number[]>> {
    const main = proto.message(proto.map(this.#program, 2).get('main')!, 2);
    const block = proto.message(proto.map(main, 3).get(proto.string(main, 2))!, 2);
    const [input] = proto.messages(main, 1);
    this.#define(proto.string(input!, 1), typeOf(proto.message(input!, 2)), [...features]);
    for (const operation of proto.messages(block, 3)) this.#apply(operation);
    return Object.fromEntries(
      proto.strings(block, 2).map((name) => [name, this.#values.get(name)!.data as readonly number[]]),
    );
  }

  #apply(operation: proto.Fields): void {
    const type = proto.string(operation, 1);
    const inputs: Record<string, Tensor> = {};
    for (const [parameter, entry] of proto.map(operation, 2)) {
      const [binding] = proto.messages(proto.message(entry, 2), 1);
      const value = this.#values.get(proto.string(binding!, 1));
      if (!value) throw new Error(`${type}: ${parameter} is not known yet`);
      inputs[parameter] = value;
    }
    for (const [parameter, entry] of proto.map(operation, 5)) {
      inputs[parameter] = this.#value(proto.message(entry, 2));
    }
    const compute = OPERATIONS[type];
    if (!compute) throw new Error(`there is no operation ${type}`);
    const [output] = proto.messages(operation, 3);
    this.#define(proto.string(output!, 1), typeOf(proto.message(output!, 2)), compute(inputs));
  }

  #define(
    name: string,
    { type, shape }: Pick<Tensor, 'type' | 'shape'>,
    data: readonly number[] | string,
  ): void {
    if (!IDENTIFIER.test(name) || this.#values.has(name)) throw new Error(`${name} is no new identifier`);
    const size = shape.reduce((product, length) => product * length, 1);
    if (typeof data !== 'string' && data.length !== size)
      throw new Error(`${name} has ${data.length} elements, and [${shape}] is said`);
    const rounded = typeof data === 'string' ? data : data.map((value) => round(type, value));
    this.#values.set(name, { type, shape, data: rounded });
  }

  #value(value: proto.Fields): Tensor {
    const { type, shape } = typeOf(proto.message(value, 2));
    const data = value.has(5)
      ? this.#stored(proto.message(value, 5), type)
      : immediate(proto.message(proto.message(value, 3), 1), type);
    return { type, shape, data };
  }

  /** By the description that begins at the value's offset. */
  #stored(blob: proto.Fields, type: string): readonly number[] {
    if (proto.string(blob, 1) !== '@model_path/weights/weight.bin') throw new Error('another file');
    const view = new DataView(this.#weights.buffer, this.#weights.byteOffset, this.#weights.byteLength);
    const at = proto.number(blob, 2);
    if (at % 64 !== 0 || view.getUint32(at, true) !== 0xdeadbeef) throw new Error(`no array at ${at}`);
    const stored = ['', 'float16', 'float32', 'uint8', 'int8'][view.getUint32(at + 4, true)];
    if (stored !== type) throw new Error(`${stored} is stored where ${type} is said`);
    const bytes = Number(view.getBigUint64(at + 8, true));
    const from = Number(view.getBigUint64(at + 16, true));
    return elements(this.#weights.subarray(from, from + bytes), type);
  }
}

function typeOf(valueType: proto.Fields): Pick<Tensor, 'type' | 'shape'> {
  const tensor = proto.message(valueType, 1);
  const shape = proto.messages(tensor, 3).map((dimension) => proto.number(proto.message(dimension, 1), 1));
  if (proto.number(tensor, 2) !== shape.length) throw new Error('the rank is not the number of dimensions');
  return { type: TYPES[proto.number(tensor, 1)]!, shape };
}

/** TensorValue. */
function immediate(tensor: proto.Fields, type: string): readonly number[] | string {
  if (type === 'string') return proto.string(proto.message(tensor, 4), 1);
  if (type === 'float32') return elements(proto.bytesOf(proto.message(tensor, 1), 1), type);
  if (type === 'int32') return proto.numbers(proto.message(tensor, 2), 1);
  if (type === 'bool') return proto.numbers(proto.message(tensor, 3), 1);
  return elements(proto.bytesOf(proto.message(tensor, 7), 1), type);
}

function elements(bytes: Uint8Array, type: string): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = { float32: 4, float16: 2, int8: 1 }[type]!;
  return Array.from({ length: bytes.length / size }, (_, index) =>
    type === 'float32'
      ? view.getFloat32(index * 4, true)
      : type === 'float16'
        ? view.getFloat16(index * 2, true)
        : view.getInt8(index),
  );
}

const round = (type: string, value: number): number =>
  type === 'float32' ? Math.fround(value) : type === 'float16' ? Math.f16round(value) : value;

const data = (tensor: Tensor | undefined): readonly number[] => tensor!.data as readonly number[];

const unary =
  (compute: (x: number) => number) =>
  ({ x }: Inputs): readonly number[] =>
    data(x).map(compute);

const binary =
  (compute: (x: number, y: number) => number) =>
  ({ x, y }: Inputs): readonly number[] => {
    if (x!.type !== y!.type || String(x!.shape) !== String(y!.shape)) throw new Error('x and y do not fit');
    return data(x).map((value, index) => compute(value, data(y)[index]!));
  };

/** By Apple's reference of the operations (iOS 15 and 16). */
const OPERATIONS: Readonly<Record<string, (inputs: Inputs) => readonly number[] | string>> = {
  const: ({ val }) => val!.data,
  constexpr_affine_dequantize: ({ quantized_data, scale, zero_point, axis }) => {
    if (data(axis)[0] !== 0) throw new Error('only channels of the first axis are known');
    const inputs = quantized_data!.shape[1]!;
    return data(quantized_data).map((value, index) => {
      const channel = Math.floor(index / inputs);
      return data(scale)[channel]! * (value - data(zero_point)[channel]!);
    });
  },
  not_equal: binary((x, y) => Number(x !== y)),
  add: binary((x, y) => x + y),
  sub: binary((x, y) => x - y),
  mul: binary((x, y) => x * y),
  real_div: binary((x, y) => x / y),
  maximum: binary(Math.max),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  sqrt: unary(Math.sqrt),
  sinh: unary(Math.sinh),
  tanh: unary(Math.tanh),
  cast: unary((x) => x),
  log: ({ x, epsilon }) => data(x).map((value) => Math.log(Math.max(value, data(epsilon)[0]!))),
  clip: ({ x, alpha, beta }) =>
    data(x).map((value) => Math.min(data(beta)[0]!, Math.max(data(alpha)[0]!, value))),
  select: ({ cond, a, b }) => data(cond).map((yes, index) => data(yes ? a : b)[index]!),
  reduce_sum: ({ x, axes, keep_dims }) => {
    if (data(axes)[0] !== 1 || data(keep_dims)[0] !== 0) throw new Error('only the sum of a row is known');
    return [data(x).reduce((sum, value) => sum + value, 0)];
  },
  linear: ({ x, weight, bias }) =>
    data(bias).map((offset, output) =>
      data(x).reduce(
        (sum, value, input) => sum + value * data(weight)[output * data(x).length + input]!,
        offset,
      ),
    ),
};
